const first = 1000;
const longest = 30_000;

/** How long to wait before the next try, in milliseconds: twice as long each time, and not all clients at the same moment. */
export class Backoff {
  #tries = 0;

  next(): number {
    const wait = Math.min(longest, first * 2 ** this.#tries++);
    return Math.round(wait * (0.75 + 0.5 * Math.random()));
  }

  reset(): void {
    this.#tries = 0;
  }
}
