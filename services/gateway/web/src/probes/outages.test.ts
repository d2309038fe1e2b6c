import { expect, test } from "vitest";
import { exampleOutage } from "./examples.ts";
import { asOf, awayIn, byUrgency, keyOf, merge, mostOutages, resultsOf, severity, sorted } from "./outages.ts";
import { verdict } from "./standing.ts";
import { hits, watchStates } from "./watch.ts";
import { whatOf } from "./words.ts";

const { start } = exampleOutage();

test("the newest revision of an outage holds", () => {
  const older = exampleOutage({ revision: 2, lost: 5 });
  const newer = exampleOutage({ revision: 4, lost: 60 });
  expect(merge([exampleOutage()], [older]).map(({ lost }) => lost)).toEqual([51]);
  expect(merge([exampleOutage()], [newer, exampleOutage({ id: 8, start: start + 5 })]).map(({ id, lost }) => [id, lost])).toEqual([
    [8, 51],
    [7, 60],
  ]);
});

test("the oldest outages are let go beyond the bound", () => {
  const many = Array.from({ length: mostOutages + 1 }, (_, id) => exampleOutage({ id, start: start + id }));
  const kept = merge(many, []);
  expect(kept).toHaveLength(mostOutages);
  expect(kept.at(-1)?.id).toBe(1);
});

test("what is on comes first, flaps and what was none last", () => {
  const outages = [
    exampleOutage({ id: 1, state: "withdrawn", start: start + 50 }),
    exampleOutage({ id: 2, state: "over", flap: true, end: start + 80, start: start + 40 }),
    exampleOutage({ id: 3, state: "over", end: start + 60 }),
    exampleOutage({ id: 4, state: "on", start: start - 1000 }),
    exampleOutage({ id: 5, state: "provisional", start: start + 10 }),
  ];
  const ids = (order: Parameters<typeof sorted>[1]) => sorted(outages, order, start + 100, whatOf).map(({ id }) => id);
  expect(ids(byUrgency)).toEqual([5, 4, 3, 2, 1]);
  expect(ids({ by: "lasts", down: true })).toEqual([4, 5, 3, 1, 2]);
});

test("severity is probes × minutes", () => {
  expect(severity(exampleOutage({ lost: 14, end: start + 23 * 60, state: "over" }), start + 1e6)).toBe(14 * 23);
});

test("a replay shows outages as they were", () => {
  const over = exampleOutage({ state: "over", flap: true, end: start + 612, recovered50: start + 612, recovered90: null });
  expect(asOf([over], start - 1)).toEqual([]);
  const [then] = asOf([over], start + 610);
  expect(then).toMatchObject({ state: "on", end: null, recovered50: null, flap: false });
  expect(then?.probes.filter(({ back }) => back !== null)).toHaveLength(11);
  expect(awayIn(asOf([over], start + 610)).size).toBe(40);
  expect(asOf([over], start + 5)[0]?.probes.every(({ down }) => down <= start + 5)).toBe(true);
  expect(asOf([over], start + 700)[0]).toEqual(over);
});

test("probes are away only in outages that are on", () => {
  expect(awayIn([exampleOutage({ state: "over" })]).size).toBe(0);
  expect(awayIn([exampleOutage()]).has(150)).toBe(true);
});

test("an outage is of a unit that is watched if it has probes of it", () => {
  expect(hits(exampleOutage(), ["AS33915"])).toBe(true);
  expect(hits(exampleOutage(), ["DE", "AS3320"])).toBe(false);
});

test("the watch list says how many probes outages took from each unit", () => {
  expect(watchStates(["AS33915", "K", "DE", "NL"], [exampleOutage()])).toEqual([
    { name: "AS33915", lost: 13 },
    { name: "DE", lost: 0 },
    { name: "NL", lost: 38 },
  ]);
  expect(watchStates(["NL"], undefined)).toEqual([{ name: "NL", lost: null }]);
});

test("an outage has another key in another log", () => {
  expect(keyOf(exampleOutage())).not.toBe(keyOf(exampleOutage({ start: start + 60 })));
});

test("that there was none is told from that nothing is known", () => {
  const known = { at: 5, fault: undefined, silentSince: null, count: 0 };
  const fault = (code: string) => ({ code, words: "…" });
  expect(verdict(known)).toEqual({ is: "none", isKnown: true });
  expect(verdict({ ...known, count: 2 })).toEqual({ is: "some", isKnown: true });
  expect(verdict({ ...known, at: undefined }).is).toBe("asking");
  expect(verdict({ ...known, at: undefined, fault: fault("absent") }).is).toBe("absent");
  expect(verdict({ ...known, at: undefined, fault: fault("unavailable") }).is).toBe("behind");
  expect(verdict({ ...known, at: undefined, fault: fault("invalid_token") }).is).toBe("refused");
  expect(verdict({ ...known, fault: fault("unreachable") })).toEqual({ is: "stale", isKnown: false });
  expect(verdict({ ...known, silentSince: 3 })).toEqual({ is: "silent", isKnown: false });
});

test("results of the probes that an outage took come live while it is on, and are replayed after it", () => {
  const probes = Array.from({ length: 60 }, (_, i) => ({ id: i + 1, down: start, back: null }));
  const on = resultsOf(exampleOutage({ end: null, probes }), start + 5000);
  expect([on.link.page, on.link.sub.length, on.link.sub[0], on.probes]).toEqual(["explore", 6, { msm: 1001, prb: 1 }, 6]);
  const { link } = resultsOf(exampleOutage({ end: start + 60, probes: probes.slice(0, 2) }), start + 5000);
  expect(link).toMatchObject({ page: "replay", sub: [{ msm: 1001, equalsTo: { prb_id: [1, 2] } }], from: start - 300, to: start + 960 });
});
