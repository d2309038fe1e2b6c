import { expect, test } from "vitest";
import { Catchments } from "./catchments.ts";
import { polarised } from "./polarised.ts";
import { places } from "./realdata.ts";
import { Recent, medianOf } from "./recent.ts";
import { instanceRows, isSlower, siteRows } from "./rows.ts";
import { FailureSeries } from "./series.ts";
import type { Move } from "./moves.ts";
import { burstWords, halfBack, rttsOf } from "./words.ts";

const answer = (probe: number, time: number, name: string, rt = 10) => ({
  prb_id: probe,
  timestamp: time,
  result: { rt, answers: [{ TYPE: "TXT", RDATA: name }] },
});
const timeout = (probe: number, time: number) => ({ prb_id: probe, timestamp: time, error: { timeout: 5000 } });

test("rows of instances tell two of a site apart, rows of sites do not", () => {
  const catchments = new Catchments({ places, letter: "K", interval: 240 });
  catchments.take([
    answer(1, 0, "ns1.nl-ams.k.ripe.net", 10),
    answer(2, 1, "ns2.nl-ams.k.ripe.net", 30),
    answer(3, 2, "ns1.gb-lon.k.ripe.net"),
  ]);
  catchments.take([timeout(1, 240)]);
  const when = { now: 241, bucket: 240, since: 0 };
  expect(siteRows(catchments, when)).toMatchObject([
    { key: "AMS", probes: 2, results: 2, rtt: 20, failures: 1, recent: 0 },
    { key: "LHR", probes: 1, results: 1, failures: 0, recent: 1 },
  ]);
  expect(instanceRows(catchments, when).map(({ key, probes }) => [key, probes])).toEqual([
    ["ns1.gb-lon.k.ripe.net", 1],
    ["ns1.nl-ams.k.ripe.net", 1],
    ["ns2.nl-ams.k.ripe.net", 1],
  ]);
  expect(siteRows(catchments, { ...when, now: 1000 })[0]).toMatchObject({ probes: 0, silent: 2 });
});

test("a probe in Johannesburg that is answered from London is polarised while another is answered from Johannesburg", () => {
  const where = (probe: number) => ({ lat: -26, lon: 28 + probe });
  const catchments = new Catchments({ places, interval: 240, where });
  catchments.take([answer(1, 0, "LHR", 180), answer(2, 0, "JNB", 3)]);
  expect(polarised(catchments)).toMatchObject([{ track: { probe: 1 }, site: { code: "LHR" }, nearest: { code: "JNB" } }]);
});

test("the median is of the last results that are kept, the count of all", () => {
  const recent = new Recent(100);
  for (let i = 0; i < 1_000; i++) recent.take(i, i);
  expect([recent.all, recent.kept, medianOf([recent]), recent.since(989), medianOf([recent], 989)]).toEqual([1000, 100, 949.5, 10, 994.5]);
});

test("failures are counted minute by minute for four hours", () => {
  const series = new FailureSeries();
  for (let minute = 0; minute < 300; minute++) {
    series.take(answer(1, minute * 60 + 5, "LHR"));
    if (minute % 2 === 0) series.take(timeout(2, minute * 60 + 30));
  }
  series.take(timeout(2, 0)); // late by more than that
  expect([series.results, series.failures, series.points.length, series.points[0]]).toEqual([
    450,
    150,
    240,
    { time: 3600, results: 2, failures: 1 },
  ]);
});

const move = (vantage: string, from: string, to: string, at = 0): Move => ({
  ...{ vantage, probe: Number(vantage), from, to, at, before: at - 240 },
  ...{ rttBefore: 20, rttAfter: 180, back: false, kind: "move" as const },
});

test("the words of a burst say what was lost, where it went, and how much slower it got", () => {
  const moves = ["1", "2", "3"].map((vantage) => move(vantage, "JNB", vantage === "3" ? "AMS" : "LHR"));
  const share = { side: "from" as const, site: "JNB", start: 0, moved: 3, of: 4, expected: 0.1, score: 10 };
  const burst = { start: 0, last: 0, over: true, shares: [share], moves, back: [] };
  expect(burstWords(burst)).toBe("JNB lost 3 of 4 probes: 2→LHR 1→AMS");
  expect(burstWords({ ...burst, shares: [{ ...share, side: "to", site: "LHR", moved: 2 }] })).toBe("LHR drew 2 probes: 2←JNB");
  expect(rttsOf(moves)).toEqual([20, 180]);
  expect(halfBack(burst)).toBeNull();
  expect(halfBack({ ...burst, back: [move("1", "LHR", "JNB", 700), move("2", "LHR", "JNB", 800)] })).toBe(800);
});

test("what is slower by half and by more than 20 ms is slower", () => {
  expect([isSlower(61, 40), isSlower(60, 40), isSlower(100, 80), isSlower(30, 5)]).toEqual([true, false, false, true]);
  expect([isSlower(NaN, 40), isSlower(40, NaN)]).toEqual([false, false]);
});
