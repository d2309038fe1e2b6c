import { sortedMedian } from "./median.ts";

const first = 32;

/** Recent keeps the times and round trips of the last results, up to a number of them, and counts all. */
export class Recent {
  readonly #most: number;
  #times = new Float64Array(first);
  #rtts = new Float32Array(first);
  #next = 0;
  #kept = 0;
  #all = 0;

  constructor(most = 4096) {
    this.#most = most;
  }

  get all(): number {
    return this.#all;
  }

  /** kept is how many of all the medians are of. */
  get kept(): number {
    return this.#kept;
  }

  take(time: number, rtt = NaN): void {
    if (this.#kept === this.#times.length && this.#kept < this.#most) this.#grow();
    this.#times[this.#next] = time;
    this.#rtts[this.#next] = rtt;
    this.#next = (this.#next + 1) % this.#times.length;
    this.#kept = Math.min(this.#kept + 1, this.#times.length);
    this.#all++;
  }

  /** since counts the kept ones from a time on. */
  since(time: number): number {
    let count = 0;
    for (let i = 0; i < this.#kept; i++) if ((this.#times[i] ?? 0) > time) count++;
    return count;
  }

  /** rtts gives the round trips since a time, without those that have none. */
  *rtts(since = -Infinity): Generator<number> {
    for (let i = 0; i < this.#kept; i++) {
      const rtt = this.#rtts[i] ?? NaN;
      if ((this.#times[i] ?? 0) > since && !Number.isNaN(rtt)) yield rtt;
    }
  }

  #grow(): void {
    this.#next = this.#kept;
    const length = Math.min(this.#most, 2 * this.#kept);
    const [times, rtts] = [this.#times, this.#rtts];
    this.#times = new Float64Array(length);
    this.#rtts = new Float32Array(length);
    this.#times.set(times);
    this.#rtts.set(rtts);
  }
}

/** medianOf the round trips of several. */
export function medianOf(recents: Iterable<Recent>, since?: number): number {
  const rtts: number[] = [];
  for (const recent of recents) for (const rtt of recent.rtts(since)) rtts.push(rtt);
  return sortedMedian(Float64Array.from(rtts).sort());
}
