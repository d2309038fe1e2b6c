import { valueTicks } from "./ticks.ts";

/** Where values stand between the lower edge of a chart, 0, and the upper one, 1, and which of them have a line. */
export interface Scale {
  readonly ticks: readonly number[];
  share(value: number): number;
}

/** Every step from low to high, both included. */
function linear(low: number, high: number, step: number): Scale {
  const ticks = Array.from({ length: Math.floor((high - low) / step + 1e-9) + 1 }, (_, index) => low + index * step);
  return { ticks, share: (value) => (value - low) / (high - low) };
}

/** From 0 to the greatest value, in so many parts. */
export function fromZero(greatest: number, wanted: number): Scale {
  const { end, step } = valueTicks(greatest, wanted);
  return linear(0, end, step);
}

/** From a little below what there was to a little above: a tenth of a network is worth a tenth of the chart at least. */
export function near(values: readonly (number | null)[], wanted: number): Scale {
  const [low, high] = extremes(values);
  const room = Math.max(2, (high - low) * 0.1, high * 0.02);
  const { step } = valueTicks(high - low + 2 * room, wanted);
  return linear(Math.max(0, Math.floor((low - room) / step) * step), Math.ceil((high + room) / step) * step, step);
}

/** By powers of ten, to both sides of 0: a thousand must not hide that there were ten. */
export function powersOfTen(values: readonly (number | null)[]): Scale {
  const [least, greatest] = extremes(values);
  const bend = (value: number) => Math.asinh(value / 2);
  const [low, high] = [bend(Math.min(-2, least)), bend(Math.max(2, greatest))];
  const ticks = [-10_000, -1000, -100, -10, 0, 10, 100, 1000, 10_000].filter((value) => least <= value && value <= greatest);
  return { ticks: ticks.length > 0 ? ticks : [0], share: (value) => (bend(value) - low) / (high - low) };
}

function extremes(values: readonly (number | null)[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) if (value !== null) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return low <= high ? [low, high] : [0, 0];
}
