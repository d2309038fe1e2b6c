import type { Change } from "./track.ts";

/** How far apart, in intervals of the measurement, two results may be to be taken for consecutive ones. */
const mostIntervals = 3;

/**
 * A change between consecutive results is a move. Over a longer time nobody saw when it happened, or what was in between: it is a change over a gap, or, where the vantage
 * is back at the site that it had been at before its last change, one that has returned.
 */
export type Kind = "move" | "returned" | "gap";

export type Move = Change & { readonly kind: Kind };

export function kindOf(change: Change, interval: number): Kind {
  if (change.at - change.before <= mostIntervals * interval) return "move";
  return change.back ? "returned" : "gap";
}

const flapping = 4; // moves
const day = 86_400; // seconds

/** Flappers knows the vantages that go back and forth all the time, as some hundredths of all do: their moves say nothing of the service. */
export class Flappers {
  readonly #moves = new Map<string, number[]>();
  readonly #since = new Map<string, number>();

  /** take a move; true if its vantage is one. */
  take(move: Move): boolean {
    const times = (this.#moves.get(move.vantage) ?? []).filter((time) => time > move.at - day);
    times.push(move.at);
    this.#moves.set(move.vantage, times.slice(-flapping));
    if (times.length < flapping) return this.is(move.vantage, move.at);
    this.#since.set(move.vantage, move.at);
    return true;
  }

  /** is tells whether a vantage moved often enough in the 24 hours before a time. */
  is(vantage: string, time: number): boolean {
    return time - (this.#since.get(vantage) ?? -Infinity) < day;
  }

  /** list those of the 24 hours before a time. */
  list(time: number): string[] {
    return [...this.#since.keys()].filter((vantage) => this.is(vantage, time));
  }
}
