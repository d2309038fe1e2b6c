import fc from "fast-check";
import { expect, test } from "vitest";
import { fromZero, near, powersOfTen } from "./scale.ts";

const values = fc.array(fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: null }));

test("all values stand on the chart, and so do all ticks", () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 8 }), (values, wanted) => {
      const both = values.map((value, index) => (value !== null && index % 2 ? -value : value));
      const scales = [
        [fromZero(Math.max(0, ...values.map((value) => value ?? 0)), wanted), values],
        [near(values, wanted), values],
        [powersOfTen(both), both],
      ] as const;
      for (const [scale, shown] of scales) {
        const shares = [...shown.filter((value) => value !== null), ...scale.ticks].map((value) => scale.share(value));
        expect(shares.every((share) => share >= -1e-9 && share <= 1 + 1e-9)).toBe(true);
      }
    }),
  );
});

test("a network that hardly changes fills the chart no more than it should", () => {
  const scale = near([9990, null, 10_000], 3);
  expect(scale.ticks).toEqual([9600, 9800, 10_000, 10_200]);
  expect(near([], 3).ticks).toEqual([0, 2]);
});

test("ten are seen beside a thousand", () => {
  const scale = powersOfTen([-10, 0, 1000]);
  expect(scale.ticks).toEqual([-10, 0, 10, 100, 1000]);
  expect(scale.share(10) - scale.share(0)).toBeGreaterThan(0.2);
});
