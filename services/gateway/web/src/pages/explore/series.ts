/** Figures are kept for parts of this length, by the records' own time. */
export const bucketSeconds = 10;
/** And for so long. */
export const keptSeconds = 4 * 3600;

/** Round-trip times are counted in steps, each 5 % longer than the one before; a median is right to within 2.5 %. */
const shortest = 0.01; // ms
const ratio = 1.05;
const steps = 330; // up to some 100 s

interface Bucket {
  count: number;
  bad: number;
  rtts: Uint16Array | undefined; // how many of each step
}

/** A point of a chart. */
export interface Point {
  time: number; // Unix seconds, where it begins
  count: number;
  bad: number;
  median: number | null; // ms
  high: number | null; // ms, the 95th percentile
}

/** How many records a subscription brought when, how many of them were bad, and how long their round trips were. */
export class Series {
  readonly #buckets = new Map<number, Bucket>();
  #newest = 0;
  #since: number;

  /** It counts what comes from `since` on, and what comes of the time before. */
  constructor(since = 0) {
    this.#since = since;
  }

  /** Records that are too old or from the future have no place in the chart. */
  add(time: number | undefined, bad: boolean, rtt: number | undefined, now: number): void {
    if (time === undefined || time < now - keptSeconds || time > now + 600) return;
    this.#since = Math.min(this.#since, time);
    const bucket = this.#bucket(Math.floor(time / bucketSeconds));
    bucket.count += 1;
    if (bad) bucket.bad += 1;
    if (rtt !== undefined && rtt >= 0) {
      bucket.rtts ??= new Uint16Array(steps);
      const step = stepOf(rtt);
      bucket.rtts[step] = (bucket.rtts[step] ?? 0) + 1;
    }
  }

  /** The last `seconds`, in points of `width` seconds each; a point without records has the count 0 and no round-trip time. */
  points(now: number, seconds: number, width: number): Point[] {
    const each = Math.max(1, Math.round(width / bucketSeconds));
    const last = Math.floor(now / bucketSeconds / each) * each;
    const first = last - Math.ceil(seconds / bucketSeconds / each) * each;
    const points: Point[] = [];
    for (let index = first; index < last + each; index += each) points.push(this.#point(index, each));
    return points;
  }

  /** The last `seconds` as one point. */
  sum(now: number, seconds: number): Point {
    const each = Math.floor(seconds / bucketSeconds);
    return this.#point(Math.floor(now / bucketSeconds) - each, each);
  }

  /** Records a second over the last `seconds`. */
  rate(now: number, seconds: number): number {
    return this.sum(now, seconds).count / seconds;
  }

  /** Records a second now: over a minute, up to half a minute ago, as they are a while on their way. Undefined until there is such a minute. */
  currentRate(now: number): number | undefined {
    const [onTheirWay, minute] = [30, 60];
    return this.#since > now - onTheirWay - minute - bucketSeconds ? undefined : this.rate(now - onTheirWay, minute);
  }

  #point(first: number, each: number): Point {
    const buckets = Array.from({ length: each }, (_, index) => this.#buckets.get(first + index)).filter((bucket) => bucket !== undefined);
    const sum = (of: (bucket: Bucket) => number) => buckets.reduce((total, bucket) => total + of(bucket), 0);
    const [median, high] = quantiles(buckets.map(({ rtts }) => rtts).filter((rtts) => rtts !== undefined));
    return { time: first * bucketSeconds, count: sum(({ count }) => count), bad: sum(({ bad }) => bad), median, high };
  }

  #bucket(index: number): Bucket {
    const found = this.#buckets.get(index);
    if (found) return found;
    const bucket: Bucket = { count: 0, bad: 0, rtts: undefined };
    this.#buckets.set(index, bucket);
    if (index > this.#newest) this.#forget((this.#newest = index));
    return bucket;
  }

  #forget(newest: number): void {
    for (const index of this.#buckets.keys()) {
      if (index < newest - keptSeconds / bucketSeconds) this.#buckets.delete(index);
    }
  }
}

function stepOf(rtt: number): number {
  const step = Math.round(Math.log(Math.max(rtt, shortest) / shortest) / Math.log(ratio));
  return Math.min(step, steps - 1);
}

/** The median and the 95th percentile of what several buckets have counted. */
function quantiles(counted: readonly Uint16Array[]): [number | null, number | null] {
  const total = counted.reduce((sum, rtts) => sum + rtts.reduce((all, count) => all + count, 0), 0);
  if (total === 0) return [null, null];
  const found: number[] = [];
  const wanted = [Math.ceil(0.5 * total), Math.ceil(0.95 * total)];
  let seen = 0;
  for (let step = 0; step < steps && found.length < wanted.length; step++) {
    for (const rtts of counted) seen += rtts[step] ?? 0;
    while (found.length < wanted.length && seen >= (wanted[found.length] ?? 0)) found.push(shortest * ratio ** step);
  }
  return [found[0] ?? null, found[1] ?? null];
}
