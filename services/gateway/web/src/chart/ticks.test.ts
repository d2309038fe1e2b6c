import { expect, test } from "vitest";
import { stepOf, timeLabel, timeTicks, valueTicks } from "./ticks.ts";

test.each([
  [0, 4, 1, 0.5],
  [1, 4, 1, 0.5],
  [7, 4, 8, 2],
  [1480, 4, 1500, 500],
  [0.031, 4, 0.04, 0.01],
])("up to %d in %d parts: to %d by %d", (most, wanted, end, step) => {
  const ticks = valueTicks(most, wanted);
  expect(ticks.end).toBeCloseTo(end);
  expect(ticks.step).toBeCloseTo(step);
});

const midnight = Date.UTC(2026, 10, 29) / 1000;

test("ticks of time are on whole minutes, hours and days", () => {
  expect(timeTicks(midnight + 5, midnight + 905, 4, "UTC")).toEqual([300, 600, 900].map((second) => midnight + second));
  expect(timeTicks(midnight - 10, midnight + 4 * 3600, 5, "UTC")).toEqual([0, 1, 2, 3, 4].map((hour) => midnight + hour * 3600));
  expect(timeTicks(midnight, midnight, 5, "UTC")).toEqual([midnight]);
});

test("labels are no longer than need be", () => {
  expect(timeLabel(midnight + 65, 10, "UTC")).toBe("00:01:05");
  expect(timeLabel(midnight + 65, 60, "UTC")).toBe("00:01");
  expect(timeLabel(midnight, 86400, "UTC")).toBe("11-29");
});

test("a tick that stands alone on an axis of minutes has a time, not a date", () => {
  const ticks = timeTicks(midnight + 200, midnight + 500, 1, "UTC");
  expect(ticks.map((time) => timeLabel(time, stepOf(ticks, 300), "UTC"))).toEqual(["00:05"]);
});
