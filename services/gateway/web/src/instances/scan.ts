import { poissonScore } from "./poisson.ts";

/** Event is that something happened to a member of a unit: a probe left a site, say. */
export interface Event {
  readonly time: number; // Unix seconds
  readonly member: string;
  readonly exposed: number; // how many members it could have happened to
}

/** Window is the most surprising run of events that ends with a certain one. */
export interface Window {
  readonly first: number; // index of the event right before it
  readonly members: number; // how many it happened to
  readonly expected: number; // to how many it does as a rule in as long a time
  readonly score: number; // −log₁₀ of how likely so many are
}

export interface Reach {
  readonly seconds: number;
  readonly events: number;
}

/**
 * scan looks at all windows of events that end with the one at the index, for the most surprising one: no length has to be chosen. A window begins right after an earlier
 * event. The rate is that of the unit, a member and second. The events are in the order of time. Null if there is no earlier event within reach.
 *
 * The outage detector of the gateway does the same. Both are tested with services/gateway/internal/outage/testdata/scan.json.
 */
export function scan(events: readonly Event[], last: number, rate: number, reach: Reach): Window | null {
  const end = events[last];
  if (!end) return null;
  const members = new Set<string>();
  let best: Window | null = null;
  for (let first = last - 1; first >= Math.max(0, last - reach.events); first--) {
    const begin = events[first];
    if (!begin || begin.time < end.time - reach.seconds) break;
    members.add(events[first + 1]?.member ?? "");
    const expected = rate * begin.exposed * (end.time - begin.time + 1);
    const score = poissonScore(members.size, expected);
    if (!best || score > best.score) best = { first, members: members.size, expected, score };
  }
  return best;
}

/** The least score and the least number of members, the event right before the window included, that are an alarm. */
export const leastScore = 9;
export const leastMembers = 5;

export function isAlarm(window: Window | null): window is Window {
  return window !== null && window.score >= leastScore && window.members + 1 >= leastMembers;
}
