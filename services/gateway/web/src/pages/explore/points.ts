import type { Curve } from "../../chart/plot.ts";
import { colourOf } from "../../frame/letters.ts";
import type { Point } from "./series.ts";
import type { Subscription } from "./subscription.svelte.ts";

/** How far the charts go back, and how long each of their points is, in seconds. */
export const spans = [
  { name: "15 min", seconds: 900, width: 10 },
  { name: "1 h", seconds: 3600, width: 30 },
  { name: "4 h", seconds: 4 * 3600, width: 120 },
] as const;
export type Span = (typeof spans)[number];

export interface Figures {
  times: number[];
  rates: Curve[];
  roundTrips: Curve[];
}

/** What the charts draw: of each subscription from its first record on, and nothing over a gap, as nobody knows what was there. */
export function figuresOf(subscriptions: readonly Subscription[], { seconds, width }: Span, now: number): Figures {
  const all = subscriptions.map((subscription) => ({ subscription, points: knownPoints(subscription, seconds, width, now) }));
  const first = Math.min(...all.map(({ points }) => points.findIndex(({ known }) => known)).filter((index) => index >= 0));
  const length = all[0]?.points.length ?? 0;
  const begin = Math.max(0, Math.min(first, length - Math.ceil(leastShown / width)));
  const series = all.map(({ subscription, points }) => ({ subscription, points: points.slice(begin) }));
  const times = series[0]?.points.map(({ time }) => time) ?? [];
  const withPercentile = subscriptions.length <= 2; // more lines could not be told apart
  return {
    times,
    rates: series.map(({ subscription: { letter }, points }) => ({
      name: letter,
      colour: colourOf(letter),
      values: points.map((point) => (point.known ? point.count / width : null)),
    })),
    roundTrips: series.flatMap(({ subscription: { letter }, points }) => {
      const colour = colourOf(letter);
      const curves: Curve[] = [
        {
          name: `${letter} unanswered`,
          colour: `color-mix(in srgb, ${colour} 45%, transparent)`,
          bars: true,
          apart: true,
          values: points.map(({ bad }) => (bad > 0 ? bad : null)),
        },
        { name: `${letter} median`, colour, values: points.map(({ median }) => median) },
      ];
      if (withPercentile) curves.push({ name: `${letter} 95 %`, colour, dashed: true, values: points.map(({ high }) => high) });
      return curves;
    }),
  };
}

/** What lies before the first record is not drawn, but for this, as a chart that grows from nothing is none. */
const leastShown = 300; // seconds

/** Results take up to so long to come in; what has not come by then is taken for nothing. */
const onTheirWay = 60; // seconds

/** The newest points are not known yet: their results are on their way. */
function knownPoints({ series, gaps, newest }: Subscription, seconds: number, width: number, now: number): (Point & { known: boolean })[] {
  const points = series.points(now, seconds, width).slice(0, -1);
  const first = points.findIndex(({ count }) => count > 0);
  const end = Math.max(newest ?? 0, now - onTheirWay);
  return points.map((point, index) => {
    const missing = gaps.some(({ from, to }) => point.count === 0 && point.time + width > (from ?? 0) && point.time < (to ?? now));
    return { ...point, known: first >= 0 && index >= first && point.time + width <= end && !missing };
  });
}
