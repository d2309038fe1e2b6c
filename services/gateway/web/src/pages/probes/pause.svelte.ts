import type { AtlasRecord } from "../../stream/record.ts";

const mostHeld = 20_000; // connection events; who is connected is asked for again after a pause, whatever was let go

/** Pause has the page stand still for who reads it, and keeps the connection events that come meanwhile. */
export class Pause {
  /** Since when it has stood still, in Unix seconds. */
  since = $state.raw<number | undefined>();
  waiting = $state(0);
  #held: AtlasRecord[] = [];

  begin(now: number): void {
    this.since = now;
  }

  /** Holds records back if the page stands still, and tells whether it does. */
  holds(records: readonly AtlasRecord[]): boolean {
    if (this.since === undefined) return false;
    this.#held.push(...records);
    this.#held.splice(0, this.#held.length - mostHeld);
    this.waiting = this.#held.length;
    return true;
  }

  /** Gives what was held back. */
  end(): AtlasRecord[] {
    const held = this.#held;
    this.#held = [];
    this.since = undefined;
    this.waiting = 0;
    return held;
  }
}
