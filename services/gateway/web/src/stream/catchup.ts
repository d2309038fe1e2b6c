/** When a connection was back, and what has come last; Unix seconds. */
export interface Arrivals {
  readonly back: { readonly at: number } | undefined;
  readonly newest: number | undefined; // time of the newest event
  readonly heardAt: number; // when it came
}

/** Results are so long on their way. */
const onTheirWay = 75; // seconds: a minute, as a rule

/** Records come, if one has come so lately. */
const flowing = 5; // seconds

/** Whether a connection is back, and what comes is what it has held up. */
export function isCatchingUp({ back, newest, heardAt }: Arrivals, now: number): boolean {
  return back !== undefined && newest !== undefined && newest < back.at - onTheirWay && heardAt > back.at && now - heardAt < flowing;
}
