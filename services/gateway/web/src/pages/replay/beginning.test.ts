import { expect, test } from "vitest";
import { earliestOf, lastHourOf, subjectOf } from "./beginning.ts";
import { neighbour } from "./markers.ts";

const now = 1427414903.5;

test("without an interval it is the last hour there is", () => {
  expect(lastHourOf({ first: 1426888000, last: 1427000000.5 }, now)).toEqual({ from: 1426996400, to: 1427000002 });
  expect(lastHourOf({ first: 1426999000, last: 1427000000 }, now)).toEqual({ from: 1426999000, to: 1427000001 });
  expect(lastHourOf({ first: null, last: null }, now)).toBeUndefined();
  expect(lastHourOf(undefined, now)).toEqual({ from: 1427411303, to: 1427414903 });
});

test("a subscription is about a measurement, or about connections", () => {
  expect(subjectOf({ msm: 1768147, prb: 1 })).toEqual({ msm: 1768147 });
  expect(subjectOf({ stream_type: "probestatus" })).toEqual({ stream: "probestatus" });
  expect(subjectOf({ msm: "x" })).toBeUndefined();
});

test("the words of before_log say when one could start", () => {
  const words = "startTime: got 2015-03-01T00:00:00Z, want no earlier than 2015-03-20T00:00:00.25Z, when the log begins; ask for less";
  expect(earliestOf({ code: "before_log", words })).toBe(Date.UTC(2015, 2, 20, 0, 0, 1) / 1000);
  expect(earliestOf({ code: "too_fast", words })).toBeUndefined();
});

test("the neighbour of a time is the nearest marker on that side, and not the one that it stands at", () => {
  const markers = [100, 200, 300].map((time) => ({ time, what: "outage" }));
  expect(neighbour(markers, 200, 1)?.time).toBe(300);
  expect(neighbour(markers, 200.5, -1)?.time).toBe(100);
  expect(neighbour(markers, 300, 1)).toBeUndefined();
});
