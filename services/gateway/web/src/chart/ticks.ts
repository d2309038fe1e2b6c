import { formatClock, formatDate, type Zone } from "../time/format.ts";

/** The end of an axis that begins at 0, and the distance of its ticks: 1, 2 or 5 of some power of ten. */
export function valueTicks(greatest: number, wanted: number): { end: number; step: number } {
  const most = greatest > 0 ? greatest : 1;
  const rough = most / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) * power;
  return { end: step * Math.max(1, Math.ceil(most / step - 1e-9)), step };
}

const day = 86400;
const steps = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 6 * 3600, 12 * 3600, day, 2 * day, 7 * day, 30 * day];

/** Where ticks of time stand: on whole minutes, hours or days of the zone, at most as many as wanted. */
export function timeTicks(from: number, to: number, wanted: number, zone: Zone): number[] {
  const step = steps.find((step) => (to - from) / step <= wanted) ?? (to - from) / Math.max(1, wanted);
  const offset = zone === "UTC" ? 0 : -new Date(from * 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((from + offset) / step) * step - offset;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, index) => first + index * step);
}

/** How far ticks stand from each other; one alone has the whole axis. */
export function stepOf([first, second]: readonly number[], length: number): number {
  return first === undefined || second === undefined ? length : second - first;
}

/** 12:04, with seconds where ticks are nearer than a minute, and the date where they are a day apart. */
export function timeLabel(time: number, step: number, zone: Zone): string {
  if (step >= day) return formatDate(time, zone).slice(5);
  return step >= 60 ? formatClock(time, zone).slice(0, 5) : formatClock(time, zone);
}
