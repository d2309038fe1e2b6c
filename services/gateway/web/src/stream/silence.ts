/** How often results come, as far as that is known. */
export interface Pace {
  readonly every?: number | undefined; // seconds between two results on average
  readonly interval?: number | undefined; // seconds between two results of one probe
}

const least = 30; // seconds
const unusual = 10; // times the usual time between two results
const mostIntervals = 3;

/**
 * What has brought nothing for longer than this is silent: ten times what is usual, or three intervals, in which even a single probe is to have three results.
 * Results of many probes come as if by chance, where a pause of twice the usual is no news.
 */
export function silentAfter({ every = 0, interval = Infinity }: Pace): number {
  return Math.max(least, Math.min(unusual * every, mostIntervals * interval));
}
