import { keyOf, timeOf, type AtlasRecord } from "../stream/record.ts";

/**
 * Where one replay ends and the next one goes on. `startTime` counts in milliseconds and includes its own, so what has come of the newest millisecond comes again.
 */
export class Joint {
  #newest = -Infinity; // the millisecond
  #keys = new Set<string>(); // of the records that came of it

  /** Whether the record has not come yet. */
  takes(record: AtlasRecord): boolean {
    const millisecond = Math.floor((timeOf(record) ?? NaN) * 1000);
    if (millisecond > this.#newest) {
      this.#newest = millisecond;
      this.#keys.clear();
    }
    if (millisecond !== this.#newest) return true;
    const key = keyOf(record);
    const isNew = !this.#keys.has(key);
    this.#keys.add(key);
    return isNew;
  }

  /** Forgets what has come: the viewer has gone elsewhere, and wants to see it again. */
  clear(): void {
    this.#newest = -Infinity;
    this.#keys.clear();
  }
}
