import fc from "fast-check";
import { expect, test } from "vitest";
import type { Volume } from "../api/types.ts";
import { around, share, ticks, timeAt, wider } from "./extent.ts";
import { absences, barsOf, quietUntil, total, volumeWords } from "./volume.ts";

const extent = { from: 1000, to: 2000 };

function volumeOf(buckets: (number | null)[], quality: Volume["quality"] = "exact"): Volume {
  const read = { records: 2771, bytes: 0, ms: 1 };
  return {
    from: 1000,
    to: 2000,
    step: 1000 / buckets.length,
    of: "measurement",
    quality,
    buckets,
    low: null,
    high: null,
    log: null,
    omitted: [],
    read,
  };
}

test("a place on the timeline and a time are each other's inverse", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (place) => {
      expect(share(timeAt(place, extent), extent)).toBeCloseTo(place, 9);
    }),
  );
});

test("the timeline goes beyond the interval, but not beyond now", () => {
  expect(around(extent, 5000)).toEqual({ from: 850, to: 2150 });
  expect(around(extent, 2010)).toEqual({ from: 850, to: 2010 });
  expect(wider(extent, 5000)).toEqual({ from: 500, to: 2500 });
});

test("labels are at round times of the zone", () => {
  const midnight = Date.UTC(2015, 2, 27) / 1000;
  expect(ticks({ from: midnight - 100, to: midnight + 7000 }, 5)).toEqual([midnight, midnight + 1800, midnight + 3600, midnight + 5400]);
  expect(ticks({ from: midnight, to: midnight + 7200 }, 3, 5.5 * 3600)).toEqual([midnight + 1800, midnight + 5400]);
});

test("bars are as high as their share of the highest, and none is where the log has nothing", () => {
  const bars = barsOf(volumeOf([null, 5, 0, 10]), extent);
  expect(bars.map(({ left, width, height }) => [left, width, height])).toEqual([
    [0.25, 0.25, 0.5],
    [0.5, 0.25, 0],
    [0.75, 0.25, 1],
  ]);
});

test("neighbours that the log has nothing of are one area", () => {
  expect(absences(volumeOf([null, null, 3, null]), extent)).toEqual([
    { left: 0, width: 0.5 },
    { left: 0.75, width: 0.25 },
  ]);
});

test("the sentence under the timeline says of what the figures are, and how good", () => {
  expect(volumeWords(volumeOf([1771, 1000]))).toBe("2,771 records: this measurement's results, exact (2,771 records read)");
  const sampled = { ...volumeOf([100, 100], "sampled"), low: [90, 90], high: [110, 110] };
  expect(volumeWords(sampled)).toContain("estimated ±10 %");
  expect(volumeWords({ ...volumeOf([1]), omitted: [{ topic: "atlas.results.x", records: 9 }] })).toContain("without atlas.results.x");
  expect(total(volumeOf([null, 3]))).toBe(3);
});

test("a quiet time ends with the first bucket that may have a record", () => {
  const volume = volumeOf([1, 0, 0, 2]);
  expect(quietUntil(volume, 1100)).toBeUndefined();
  expect(quietUntil(volume, 1300)).toBe(1750);
  expect(quietUntil(volumeOf([1, 0, 0, 0]), 1300)).toBe(2000);
  expect(quietUntil(volumeOf([1, 0, null, 2]), 1300)).toBe(1500);
  expect(quietUntil(volumeOf([0, 0], "sampled"), 1300)).toBeUndefined();
});
