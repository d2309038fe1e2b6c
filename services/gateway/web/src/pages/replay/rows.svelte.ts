import type { AtlasRecord } from "../../stream/record.ts";
import type { Gap } from "../../stream/state.ts";
import type { Delivery } from "../../stream/stream.ts";
import type { Consumer } from "./player.svelte.ts";

/** How many results the table shows. */
export const shownRows = 200;

export type Row = { id: number } & ({ record: AtlasRecord } | { gap: Gap });

/** What has been replayed, the newest first. */
export class Rows implements Consumer {
  rows = $state.raw<Row[]>([]);
  /** From what time on was replayed, in Unix seconds. */
  since = $state(0);
  /** Of all that came. */
  count = $state(0);
  #waiting: Row[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next = 0;
  #came = 0;

  take(deliveries: readonly Delivery[]): void {
    for (const { record } of deliveries) this.#add({ id: this.#next++, record });
    this.#came += deliveries.length;
  }

  recall(): void {} // a table begins with what comes

  loaded(): void {}

  gap(gap: Gap): void {
    this.#add({ id: this.#next++, gap });
  }

  begin(at: number): void {
    this.since = at;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#came = 0;
    this.rows = [];
    this.count = 0;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #add(row: Row): void {
    this.#waiting.push(row);
    if (this.#waiting.length > shownRows) this.#waiting.shift();
    this.#timer ??= setTimeout(() => this.#show(), 100);
  }

  #show(): void {
    this.#timer = undefined;
    this.rows = [...this.#waiting.reverse(), ...this.rows].slice(0, shownRows);
    this.count = this.#came;
    this.#waiting = [];
  }
}
