import fc from "fast-check";
import { expect, test } from "vitest";
import { alternativeOf, linesOf } from "./raw.ts";
import { mostRows, Rows, type NewRow, type ResultRow } from "./rows.ts";
import { toCSV, toNDJSON } from "./save.ts";
import { Series } from "./series.ts";

const result = (letter: "A" | "B", probe: number, json = "{}"): NewRow => ({
  is: "result",
  letter,
  time: 0,
  probe: String(probe),
  where: "",
  target: "",
  text: "",
  bad: false,
  json,
});
const probes = (rows: Rows) => rows.shown.filter((row) => row.is === "result").map(({ probe }) => Number(probe));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test("nothing of what comes while the rows are paused is lost, nor comes twice", () => {
  const steps = fc.array(fc.oneof(fc.constantFrom("pause" as const, "resume" as const), fc.integer({ min: 1, max: 50 })), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(steps, (steps) => {
      const rows = new Rows();
      let next = 0;
      for (const step of steps) {
        if (step === "pause") rows.pause();
        else if (step === "resume") rows.resume();
        else rows.add(range(next, (next += step)).map((probe) => result("A", probe)));
      }
      expect(rows.shown.length + rows.waiting).toBe(next);
      rows.resume();
      expect(probes(rows)).toEqual(range(0, next));
    }),
  );
});

test("each subscription keeps its newest rows", () => {
  const rows = new Rows();
  rows.add(range(0, 10).map((probe) => result("B", probe)));
  rows.add(range(0, mostRows + 1000).map((probe) => result("A", probe)));
  expect(rows.shown.filter(({ letter }) => letter === "B")).toHaveLength(10);
  expect(probes(rows).slice(10)).toEqual(range(1000, mostRows + 1000));
});

test("long results are kept as far as their text goes, the newest always", () => {
  const rows = new Rows();
  for (const probe of range(0, 30)) rows.add([result("A", probe, "x".repeat(1_000_000))]);
  expect(probes(rows)[0]).toBeGreaterThanOrEqual(8);
  expect(probes(rows).at(-1)).toBe(29);
  rows.add([result("A", 30, "x".repeat(30_000_000))]);
  expect(probes(rows)).toEqual([30]);
});

const away = (rows: Rows) => rows.shown.findIndex((row) => row.is === "divider" && row.kind === "away");

test("whoever looks again sees where they looked away, until they look away again", () => {
  const rows = new Rows();
  rows.add([result("A", 1)]);
  rows.leave(100);
  rows.add([result("A", 2), result("B", 3)]);
  rows.comeBack();
  expect([probes(rows), away(rows)]).toEqual([[1, 2, 3], 1]);
  rows.leave(200);
  rows.comeBack();
  expect([probes(rows), away(rows)]).toEqual([[1, 2, 3], -1]); // nothing has come
  rows.pause();
  rows.leave(300);
  rows.add([result("A", 4)]);
  rows.comeBack();
  expect(rows.waiting).toBe(1);
  rows.resume();
  expect([probes(rows), away(rows)]).toEqual([[1, 2, 3, 4], 3]);
  rows.clear();
  expect(away(rows)).toBe(-1);
});

test("what has waited too long is let go, counted, and said", () => {
  const rows = new Rows();
  rows.add([result("A", 0)]);
  rows.pause();
  rows.add(range(1, mostRows + 1205).map((probe) => result("A", probe)));
  expect(rows.waiting).toBe(mostRows + 1204);
  expect(rows.letGo).toBe(1204);
  rows.resume();
  const [divider] = rows.shown.filter((row) => row.is === "divider");
  expect(divider).toMatchObject({ kind: "let go", text: "older ones let go: 1,204" });
  expect(probes(rows)).toEqual([0, ...range(1205, mostRows + 1205)]);
});

test("a subscription's rows go with it", () => {
  const rows = new Rows();
  rows.add([result("A", 1), result("B", 2)]);
  rows.pause();
  rows.add([result("A", 3), result("B", 4)]);
  rows.clear("A");
  rows.resume();
  expect(probes(rows)).toEqual([2, 4]);
});

test("points have counts and round-trip times to within 2.5 %", () => {
  const series = new Series();
  const now = 100_000;
  for (const rtt of range(1, 101)) series.add(now - 15, rtt > 90, rtt, now);
  series.add(now - 45, true, undefined, now);
  series.add(now - 5 * 3600, false, 1, now);
  series.add(undefined, false, 1, now);
  const points = series.points(now, 60, 10);
  const full = points.find(({ count }) => count === 100);
  expect(full).toMatchObject({ time: now - 20, bad: 10 });
  expect(Math.abs((full?.median ?? 0) / 50 - 1)).toBeLessThan(0.026);
  expect(Math.abs((full?.high ?? 0) / 95 - 1)).toBeLessThan(0.026);
  expect(points.find(({ time }) => time === now - 50)).toMatchObject({ count: 1, bad: 1, median: null });
  expect(points.filter(({ count }) => count === 0).every(({ median }) => median === null)).toBe(true);
  expect(series.points(now, 3600, 60).reduce((sum, { count }) => sum + count, 0)).toBe(101);
  expect(series.rate(now, 60)).toBeCloseTo(101 / 60);
});

test("how many results come is not said before it is known", () => {
  const series = new Series(1000);
  expect([series.currentRate(1010), series.currentRate(1099), series.currentRate(1100)]).toEqual([undefined, undefined, 0]);
  for (const time of range(800, 1000)) series.add(time, false, 1, 1000); // the backlog
  expect(series.currentRate(1000)).toBe(1);
});

test("lines of JSON are the JSON, with the paths of the contract", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const { lines, cut } = linesOf(value, Infinity);
      expect(JSON.parse(lines.map(({ text }) => text).join("\n"))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(cut).toBe(false);
    }),
  );
  const { lines } = linesOf({ result: [{ result: [{ from: "1.1.1.1" }] }], "": { x: 1 } }, Infinity);
  expect(lines.filter(({ path }) => path !== undefined).map(({ path, value }) => [path, value])).toEqual([
    ["result.result.from", "1.1.1.1"],
  ]);
});

test("long JSON is cut", () => {
  const { lines, cut } = linesOf({ a: "x".repeat(1000), b: 1 }, 100);
  expect(cut).toBe(true);
  expect(lines.map(({ text }) => text).join("").length).toBeLessThanOrEqual(102);
});

test("a text with spaces is one value to filter for", () => {
  expect(alternativeOf("a b")).toEqual(["a b"]);
  expect(alternativeOf("a")).toBe("a");
  expect(alternativeOf(4)).toBe(4);
});

test("files have what the table has, and no formula", () => {
  const row = { ...result("A", 7, '{"a":"=1"}'), number: 1, time: 1427414903.25, text: '=cmd|"x"', target: "a,b" } as ResultRow;
  expect(toNDJSON([row, row])).toBe('{"a":"=1"}\n{"a":"=1"}\n');
  expect(toCSV([row])).toBe(
    'time_utc,subscription,probe,where,target,result,json\r\n2015-03-27T00:08:23.250Z,A,7,,"a,b","\'=cmd|""x""","{""a"":""=1""}"\r\n',
  );
});
