import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAgo, formatClock, formatDuration, formatNear, formatTime, toISO, zoneName } from "./format.ts";
import { parseTime } from "./parse.ts";

const now = Date.UTC(2026, 10, 29, 12, 0, 0) / 1000;

test.each([
  ["2015-03-27T00:08:23Z", Date.UTC(2015, 2, 27, 0, 8, 23) / 1000],
  ["2015-03-27 00:08", Date.UTC(2015, 2, 27, 0, 8) / 1000],
  ["2015-03-27", Date.UTC(2015, 2, 27) / 1000],
  ["2015-03-18T00:00:00.25+01:00", Date.UTC(2015, 2, 17, 23) / 1000 + 0.25],
  ["1427414400", 1427414400],
  ["1427414400.25", 1427414400.25],
  ["253402300800", 253402300.8],
  ["-2h", now - 7200],
  ["-90 s", now - 90],
  ["now", now],
  ["2015-02-30", undefined],
  ["1969-12-31", undefined],
  ["yesterday", undefined],
  ["-2", undefined],
  ["", undefined],
])("%j is typed for %j", (typed, seconds) => {
  expect(parseTime(typed, now)).toBe(seconds);
});

test("a time in a link is read to the millisecond", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253402300799999 }), (milliseconds) => {
      expect(parseTime(toISO(milliseconds / 1000), now)).toBe(milliseconds / 1000);
    }),
  );
});

test("times are shown in UTC", () => {
  expect(formatTime(1427414903.25, "UTC")).toBe("2015-03-27 00:08:23");
  expect(formatClock(1427414903.25, "UTC", true)).toBe("00:08:23.250");
  expect(zoneName(now, "UTC")).toBe("UTC");
  expect([now - 60, now - 86_400].map((time) => formatNear(time, now, "UTC"))).toEqual(["11:59:00", "2026-11-28 12:00:00"]);
});

test.each([
  [0, "0 s"],
  [59.6, "1 min"],
  [125, "2 min 5 s"],
  [725, "12 min"],
  [7500, "2 h 5 min"],
  [533000, "6 d 4 h"],
])("%d s are %s", (seconds, words) => {
  expect(formatDuration(seconds)).toBe(words);
});

test("a time is told from now", () => {
  expect(formatAgo(now - 180, now)).toBe("3 min ago");
  expect(formatAgo(now + 4, now)).toBe("in 4 s");
});
