import { expect, test } from "vitest";
import { bundled, neighbour } from "./markers.ts";

const markers = [300, 100, 110, 123, 124].map((time) => ({ time, what: `outage ${time}` }));

test("markers that have no room beside each other are one, at the first of them", () => {
  expect(bundled(markers, (time) => time)).toEqual([
    { time: 100, what: "outage 100; and 2 more close by" },
    { time: 124, what: "outage 124" },
    { time: 300, what: "outage 300" },
  ]);
  expect(bundled(markers, (time) => 100 * time)).toHaveLength(markers.length);
  expect(bundled(markers, () => 0)).toEqual([{ time: 100, what: "outage 100; and 4 more close by" }]);
});

test("keys go to each marker, also to those that are one on the timeline", () => {
  expect(neighbour(markers, 110, 1)?.time).toBe(123);
  expect(neighbour(markers, 110, -1)?.time).toBe(100);
});
