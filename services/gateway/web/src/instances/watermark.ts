const count = 5;

/** Watermark is the time up to which a stream has come: that of the fifth newest event, as one probe's clock may be fast. */
export class Watermark {
  readonly #newest: number[] = []; // ascending

  take(time: number): void {
    if (this.#newest.length === count && time <= (this.#newest[0] ?? 0)) return;
    this.#newest.push(time);
    this.#newest.sort((a, b) => a - b);
    if (this.#newest.length > count) this.#newest.shift();
  }

  /** time is −∞ while nothing has come. */
  get time(): number {
    return this.#newest[0] ?? -Infinity;
  }
}
