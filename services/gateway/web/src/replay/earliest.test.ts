import { expect, test } from "vitest";
import { earliestOf } from "./earliest.ts";

test.each([
  [
    "startTime: got 2015-03-01T00:00:00Z, want no earlier than 2015-03-20T00:00:00.25Z, when the log begins; ask for less",
    Date.UTC(2015, 2, 20, 0, 0, 1) / 1000,
  ],
  [
    "startTime: got 1999-02-26T03:33:20Z, want no earlier than 2013-06-27T08:42:12Z, when the log begins with other measurements; " +
      "its first record of measurement 1768147 is of 2015-03-21T00:08:23.5Z; older results can be replayed once …",
    Date.UTC(2015, 2, 21, 0, 8, 23) / 1000,
  ],
  ["from: got 1999-12-29T20:40:00Z, want no earlier than 1999-12-30T00:00:01Z, as far as this gateway goes back", 946512001],
  ["startTime: got 2015-03-17T23:00:00Z, but the log has no records of this measurement's partition any more", undefined],
  ["want no earlier than yesterdayZ", undefined],
])("%j: the earliest start is %j", (words, earliest) => {
  expect(earliestOf({ code: "before_log", words })).toBe(earliest);
});

test("only before_log names a time to start at", () => {
  expect(earliestOf({ code: "too_fast", words: "want no earlier than 2015-03-20T00:00:00Z" })).toBeUndefined();
});
