import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { poissonScore } from "./poisson.ts";
import { isAlarm, scan } from "./scan.ts";

interface Vectors {
  poisson: { k: number; mean: number; score: number }[];
  scans: {
    name: string;
    rate: number;
    seconds: number;
    most: number;
    events: { time: number; member: number; exposed: number }[];
    want: ({ first: number; members: number; expected: number; score: number } | null)[];
    alarms: number[];
  }[];
}

// The outage detector of the gateway has to pass the same.
const file = new URL("../../../internal/outage/testdata/scan.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

test.each(vectors.poisson)("how surprising $k are where $mean are expected", ({ k, mean, score }) => {
  expect(poissonScore(k, mean) / score).toBeCloseTo(1, 9);
});

test("what is expected never to happen surprises infinitely, and nothing does not surprise", () => {
  expect([poissonScore(1, 0), poissonScore(0, 3)]).toEqual([Infinity, 0]);
});

test.each(vectors.scans)("scan: $name", ({ rate, seconds, most, events, want, alarms }) => {
  const members = events.map((event) => ({ ...event, member: String(event.member) }));
  const windows = members.map((_, last) => scan(members, last, rate / 3600, { seconds, events: most }));
  windows.forEach((window, i) => {
    const wanted = want[i];
    expect(window && { first: window.first, members: window.members }).toEqual(wanted && { first: wanted.first, members: wanted.members });
    if (window && wanted)
      expect([window.expected / wanted.expected, window.score / wanted.score]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)]);
  });
  expect(windows.flatMap((window, i) => (isAlarm(window) ? [i] : []))).toEqual(alarms);
});
