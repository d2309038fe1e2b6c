import { expect, test } from "vitest";
import { bundled, neighbour, withThoseBefore } from "./markers.ts";

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

test("what has moved is one marker, also once it is found again, and none that is found now is let go", () => {
  const marker = (key: string, what = key) => ({ key, time: 500, what });
  const before = [marker("moves JNB"), marker("gap CDG")];
  expect(withThoseBefore(before, [marker("moves AMS"), marker("moves JNB", "more")]).map(({ what }) => what)).toEqual([
    "gap CDG",
    "moves AMS",
    "more",
  ]);
  const many = Array.from({ length: 300 }, (_, i) => marker(`moves ${i}`));
  expect(
    withThoseBefore(many, before)
      .slice(-3)
      .map(({ key }) => key),
  ).toEqual(["moves 299", "moves JNB", "gap CDG"]);
  expect(withThoseBefore(many, before)).toHaveLength(200);
});
