/** From when to when a timeline goes, in Unix seconds. */
export interface Extent {
  from: number;
  to: number;
}

/** The interval with some of what is around it. */
export function around({ from, to }: Extent, now: number): Extent {
  const margin = (to - from) * 0.15;
  return { from: Math.max(0, from - margin), to: Math.max(Math.min(to + margin, now), to) };
}

/** Twice as long, around the same middle. */
export function wider({ from, to }: Extent, now: number): Extent {
  const margin = (to - from) / 2;
  return { from: Math.max(0, from - margin), to: Math.min(to + margin, now) };
}

/** Where a time lies, from 0 at the beginning to 1 at the end. */
export function share(time: number, { from, to }: Extent): number {
  return to > from ? Math.min(1, Math.max(0, (time - from) / (to - from))) : 0;
}

export function timeAt(share: number, { from, to }: Extent): number {
  return from + Math.min(1, Math.max(0, share)) * (to - from);
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [
  1,
  5,
  15,
  30,
  minute,
  5 * minute,
  15 * minute,
  30 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  7 * day,
  30 * day,
  90 * day,
  365 * day,
];

/** Round times for labels, `most` of them at most. `offset` is that of the zone, in seconds. */
export function ticks({ from, to }: Extent, most: number, offset = 0): number[] {
  const step = steps.find((step) => (to - from) / step <= most) ?? (to - from) / most;
  const first = Math.ceil((from + offset) / step) * step - offset;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, index) => first + index * step);
}
