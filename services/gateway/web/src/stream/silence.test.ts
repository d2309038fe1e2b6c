import { expect, test } from "vitest";
import { silentAfter, type Pace } from "./silence.ts";

test.each<[string, Pace, number]>([
  ["of which nothing is known", {}, 30],
  ["that have many results a second", { every: 0.02, interval: 240 }, 30],
  ["of many probes", { every: 4, interval: 240 }, 40],
  ["of a few probes", { every: 48, interval: 240 }, 480],
  ["of two probes", { every: 120, interval: 240 }, 720],
  ["of a single probe", { every: 240, interval: 240 }, 720],
  ["that come at a rate of their own", { every: 60 }, 600],
])("results %s", (_, pace, seconds) => {
  expect(silentAfter(pace)).toBe(seconds);
});

// Probes ask at times of their own, so that a pause is longer than t with the probability exp(-t / every).
test.each([1, 3, 4, 10, 30, 60])(
  "a measurement of many probes with a result every %i s is silent by chance once a day at most",
  (every) => {
    const limit = silentAfter({ every, interval: 3600 });
    expect(Math.round((86_400 / every) * Math.exp(-limit / every))).toBeLessThanOrEqual(1);
  },
);
