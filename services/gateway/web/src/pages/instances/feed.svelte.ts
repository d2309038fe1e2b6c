import type { AtlasRecord } from "../../stream/record.ts";
import { Catchments, type Options } from "../../instances/catchments.ts";

const between = 500; // ms from one showing of the figures to the next
const locating = 10_000; // ms

type Listener = (probes: ReadonlySet<number>) => void;

/**
 * Feed is what the view of instances shows: catchments that a page feeds with results, live ones or those of a replay. The figures are shown anew twice a second at most,
 * however many results come; probes on the map as they change.
 */
export class Feed {
  catchments: Catchments;
  readonly #options: Options;
  #opened: number;
  /** version counts the showings: whoever reads it in a template is drawn again with each. */
  version = $state(0);
  #listeners: readonly Listener[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #located = -Infinity;

  constructor(options: Options, opened: number) {
    this.#options = options;
    this.catchments = new Catchments(options);
    this.#opened = opened;
  }

  /** From when on results and moves count: since it was opened, or since the time of the results that came then. */
  get opened(): number {
    void this.version;
    return Math.min(this.#opened, this.catchments.beginning);
  }

  /** begin anew at another time: what was taken counts no more. Who watches goes on watching. */
  begin(opened: number): void {
    this.catchments = new Catchments(this.#options);
    this.#opened = opened;
    this.#located = -Infinity;
    clearTimeout(this.#timer);
    this.#show();
  }

  /** take results that are to be shown. */
  take(results: readonly AtlasRecord[]): void {
    const probes = this.catchments.take(results);
    for (const listener of this.#listeners) listener(probes);
    this.changed();
  }

  /** recall results from before: the state at the beginning of a replay. */
  recall(results: readonly AtlasRecord[]): void {
    this.catchments.recall(results);
    this.changed();
  }

  /** changed has the figures shown anew, soon. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.#show(), between);
  }

  /** watch is told of the probes whose last result is another one, until the function that comes back is called. */
  watch(listener: Listener): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => (this.#listeners = this.#listeners.filter((one) => one !== listener));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners = [];
  }

  #show(): void {
    this.#timer = undefined;
    if (performance.now() - this.#located > locating) {
      this.#located = performance.now();
      this.catchments.locate();
    }
    this.version++;
  }
}
