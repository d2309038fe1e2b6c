/** How much of the past "the latest" may be, in seconds. */
export const buckets = [240, 900, 3600, 14_400];

/** bucketOf gives what the viewer has chosen, or enough for a result of each probe. */
export function bucketOf(chosen: number | undefined, interval: number | null): number {
  return chosen ?? buckets.find((bucket) => bucket >= (interval ?? 0)) ?? 3600;
}
