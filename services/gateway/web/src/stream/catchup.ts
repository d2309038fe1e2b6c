/** When a connection was back, and what has come last; Unix seconds. */
export interface Arrivals {
  readonly back: { readonly at: number } | undefined;
  readonly newest: number | undefined; // time of the newest event
  readonly heardAt: number; // when it came
}

/** How long results take to arrive, at most. */
const onTheirWay = 75; // seconds; a minute, as a rule

/** Records are arriving if one has come within this time. */
const flowing = 5; // seconds

/** Whether a connection is back and what arrives is what came while it was lost. */
export function isCatchingUp({ back, newest, heardAt }: Arrivals, now: number): boolean {
  return back !== undefined && newest !== undefined && newest < back.at - onTheirWay && heardAt > back.at && now - heardAt < flowing;
}
