import fc from "fast-check";
import { expect, test } from "vitest";
import { formatValue, fromParameters, lineOf, parseValue, toParameters, type Condition, type Filters } from "./filters.ts";
import { isFiltered, nearestName, replayLink, sentFor } from "./parameters.ts";

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown); // without −0
const names = fc.oneof(
  fc.constantFrom("stream_type", "msm", "prb", "type", "sourcePrefix", "equalsTo", "lessThan", "greaterTo", "equalsTo.af", "cursor"),
  fc.string(),
);
const members = fc.dictionary(fc.string(), json, { noNullPrototype: true }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const parameters = fc
  .array(fc.tuple(names, fc.oneof(json, members)))
  .map((entries) => JSON.parse(JSON.stringify(Object.fromEntries(entries))) as Record<string, unknown>);

test("parameters become a form and the same parameters again", () => {
  fc.assert(
    fc.property(parameters, (given) => {
      expect(toParameters(fromParameters(given))).toEqual(given);
    }),
    { numRuns: 100 },
  );
});

test("what is typed becomes a value and the same again", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(parseValue(formatValue(value))).toEqual(value);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (typed) => {
      const value = parseValue(typed);
      if (typeof value === "string" && value !== typed) expect(JSON.parse(typed)).toBe(value);
    }),
  );
});

test.each([
  ["4", 4],
  ['"4"', "4"],
  ["NL", "NL"],
  ["3333 4444", "3333 4444"],
  ['["A","B"]', ["A", "B"]],
  ["9007199254740993", "9007199254740993"],
  ["1e400", "1e400"],
  ["", ""],
])("%j is typed for %j", (typed, value) => {
  expect(parseValue(typed)).toEqual(value);
});

test("a form says what it means", () => {
  const conditions: Condition[] = [
    { kind: "equalsTo", member: "af", value: "4" },
    { kind: "greaterTo", member: "result.rt", value: "100" },
    { kind: "sourcePrefix", member: "", value: "200/8" },
    { kind: "equalsTo", member: "__proto__", value: "x" },
    { kind: "other", member: "acceptedFields", value: "prb_id,timestamp" },
  ];
  const filters: Filters = { stream: "", msm: "1001", prb: "", conditions };
  const sent = JSON.stringify(toParameters(filters));
  expect(sent).toBe(
    '{"msm":1001,"equalsTo":{"af":4,"__proto__":"x"},"greaterTo":{"result.rt":100},"sourcePrefix":"200/8","acceptedFields":"prb_id,timestamp"}',
  );
  expect(lineOf("equalsTo.af", conditions)).toBe(0);
  expect(lineOf("equalsTo", conditions)).toBe(0);
  expect(lineOf("sourcePrefix", conditions)).toBe(2);
  expect(lineOf("acceptedFields", conditions)).toBe(4);
  expect(lineOf("msm", conditions)).toBe(-1);
});

test("what the page adds leaves alone what is given", () => {
  expect(sentFor({ msm: 1 })).toEqual({ msm: 1, enrichProbes: true, buffering: true, cursor: "", sendBacklog: true });
  expect(sentFor({ msm: 1, enrich_probes: false, send_backlog: 0 })).toEqual({
    msm: 1,
    enrich_probes: false,
    send_backlog: 0,
    buffering: true,
    cursor: "",
  });
  expect(sentFor({ stream_type: "metadata" })).toEqual({ stream_type: "metadata", buffering: true });
  expect(sentFor({ msm: 1, startTime: 5 })).not.toHaveProperty("sendBacklog");
  expect(isFiltered({ msm: 1, equalsTo: {} })).toBe(true);
  expect(isFiltered({ msm: 1, "equalsTo.af": 4 })).toBe(true);
  expect(isFiltered({ msm: 1, buffering: true })).toBe(false);
});

test.each([
  ["equalTo", "equalsTo"],
  ["streamtype", "stream_type"],
  ["send_backlog", "sendBacklog"],
  ["probe", "prb"],
  ["greaterThen", "greaterTo"],
  ["xyzzy", undefined],
])("%s is near %s", (typed, name) => {
  expect(nearestName(typed)).toBe(name);
});

test("what runs is replayed with what it asks for, of an interval or of the last hour", () => {
  expect(replayLink({ msm: 5, prb: 7 }, 100, 160)).toBe(
    "/replay?sub=%7B%22msm%22:5,%22prb%22:7%7D&from=1970-01-01T00:01:40Z&to=1970-01-01T00:02:40Z",
  );
  expect(replayLink({ msm: 5 })).toBe("/replay?sub=%7B%22msm%22:5%7D");
  expect(replayLink({ stream_type: "metadata" })).toBeUndefined();
});
