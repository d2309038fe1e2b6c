import { median } from "./median.ts";

const least = 5;
const enough = 64;

/** IntervalEstimate finds out how often the vantages of a measurement ask, where the registry does not say. */
export class IntervalEstimate {
  readonly #differences: number[] = [];
  #value: number | null = null;

  /** value is in seconds, and null until enough is known. */
  get value(): number | null {
    return this.#value;
  }

  /** take a time between two results of one vantage. */
  take(seconds: number): void {
    if (seconds <= 0 || this.#differences.length >= enough) return;
    this.#differences.push(seconds);
    if (this.#differences.length >= least) this.#value = rounded(Math.round(median(this.#differences)));
  }
}

/** Intervals are whole minutes as a rule; only those that clearly are not are taken as they are. */
function rounded(seconds: number): number {
  const minutes = Math.round(seconds / 60) * 60;
  return minutes > 0 && Math.abs(seconds - minutes) <= 0.02 * minutes ? minutes : seconds;
}
