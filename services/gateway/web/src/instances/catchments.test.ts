import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Catchments } from "./catchments.ts";
import { flows } from "./gaps.ts";
import { medianOf } from "./recent.ts";
import { places, resultsOf } from "./realdata.ts";
import { siteRows } from "./rows.ts";
import type { GivenPlaces } from "./sites.ts";
import { gapWords } from "./words.ts";

const cities = new URL("../../../../../pkg/atlas/testdata/instance-cities.json.gz", import.meta.url);
const given = JSON.parse(gunzipSync(readFileSync(cities)).toString()) as GivenPlaces;

function followed(): Catchments {
  const catchments = new Catchments({ places, given });
  for (const result of resultsOf(1768147)) catchments.take([result]);
  return catchments;
}

const iso = (time: number) => new Date(time * 1000).toISOString().slice(0, 19);

test("1768147: totals and round trips of each instance", () => {
  const { instances } = followed();
  const totals = [...instances.values()].map(({ name, answers }) => [name, answers.all] as const).sort((a, b) => b[1] - a[1]);
  expect(Object.fromEntries(totals)).toEqual({ LHR: 1251, JNB: 1006, HKG: 214, AMS: 115, CDG: 109, FRA: 47, WAW: 24, SIN: 5 });
  const median = (name: string) => medianOf([...instances.values()].filter((one) => one.name === name).map((one) => one.answers));
  const medians = ["JNB", "LHR", "HKG"].map((name) => median(name).toFixed(1));
  expect(medians).toEqual(["39.3", "179.0", "281.6"]);
});

test("1768147: its interval is that of an hour, although no registry says so", () => {
  const catchments = followed();
  expect([catchments.interval, catchments.intervalIsEstimated]).toEqual([3600, true]);
});

test("1768147: two moves, one return, and no burst", () => {
  const catchments = followed();
  const told = (kind: string) =>
    catchments.moves.filter((move) => move.kind === kind).map(({ probe, from, to, at }) => `${probe} ${from} ${to} ${iso(at)}`);
  expect(told("move")).toEqual(["4089 LHR JNB 2015-03-21T07:11:26", "253 LHR SIN 2015-03-21T09:12:47"]);
  expect(told("returned")).toEqual(["253 SIN LHR 2015-03-21T16:13:00"]);
  expect(catchments.bursts).toEqual([]);
});

test("1768147: one change over the gap, in which all that are seen again have left Johannesburg", () => {
  const catchments = followed();
  const [change, ...others] = catchments.gapChanges;
  expect(others).toEqual([]);
  if (!change) throw new Error("there is none");
  expect([change.from, iso(change.lastSeen), iso(change.firstAgain)]).toEqual(["JNB", "2015-03-21T23:23:47", "2015-03-27T00:08:27"]);
  expect(flows(change.moves)).toEqual([
    { to: "LHR", moves: 27 },
    { to: "HKG", moves: 9 },
    { to: "AMS", moves: 5 },
    { to: "WAW", moves: 1 },
  ]);
  expect(change.moves.filter(({ at }) => iso(at) <= "2015-03-27T00:14:38")).toHaveLength(41);
  expect(catchments.remaining(change)).toEqual({ stayed: 0, unseen: 4 });
});

test("1768147: the places that were given with it are used", () => {
  const site = followed().sites.get("JNB");
  expect(site).toMatchObject({ origin: "given", point: { lat: -26.139166, lon: 28.246 }, title: "Johannesburg" });
});

test("1768147: it begins and ends when its results do, but for a few", () => {
  const { beginning, time } = followed();
  expect([iso(beginning), iso(time)]).toEqual(["2015-03-21T00:08:38", "2015-03-27T23:14:21"]);
});

test("1768147: batches of any size give the same", () => {
  const whole = new Catchments({ places, given });
  whole.take(resultsOf(1768147));
  expect(whole.moves).toEqual(followed().moves);
});

test("what is recalled tells where probes were, and counts for nothing", () => {
  const [first, second] = [0, 1].map((day) => resultsOf(1768147).filter((row) => Number(row["timestamp"]) > 1427328000 === (day === 1)));
  const catchments = new Catchments({ places, given, interval: 3600 });
  catchments.recall(first ?? []);
  expect([catchments.tracks.size > 50, catchments.instances.size, catchments.moves]).toEqual([true, 0, []]);
  catchments.take(second ?? []);
  expect(catchments.gapChanges).toMatchObject([{ from: "JNB", moves: { length: 42 } }]);
});

test("rows of sites have the totals, the probes, and what they gained and lost", () => {
  const catchments = followed();
  const rows = siteRows(catchments, { now: catchments.time, bucket: 3600, since: 1427328000 });
  const row = (key: string) => rows.find((one) => one.key === key);
  expect(rows.map(({ key }) => key)).toContain("SIN");
  expect(row("JNB")).toMatchObject({ results: 1006, gained: 0, lost: 42, silent: 4 });
  expect(row("LHR")).toMatchObject({ results: 1251, gained: 27, lost: 0 });
  expect(rows.reduce((sum, { results }) => sum + results, 0)).toBe(2771);
});

test("the words of the change over the gap", () => {
  const catchments = followed();
  const [change] = catchments.gapChanges;
  expect(change && gapWords(change, catchments.remaining(change))).toBe(
    "42 probes left JNB: 27→LHR 9→HKG 5→AMS 1→WAW; 4 of 46 were not seen again",
  );
});
