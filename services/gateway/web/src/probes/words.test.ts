import { expect, test } from "vitest";
import { exampleOutage } from "./examples.ts";
import { announcement, confidenceOf, countryName, extentOf, lastsOf, ticket, unitWords, whatOf } from "./words.ts";

const outage = exampleOutage();
const unit = { start: 0, lost: 5, of: 6, expected: 0.1, rate: 1, score: 9 };

test("an outage is named by what explains it", () => {
  expect(whatOf(outage)).toBe("NL 38, BE 11, LU 2");
  expect(extentOf(outage)).toBe("AS1136 14, AS33915 13, AS6830 9 and 1 more");
  expect(whatOf({ ...outage, kind: "controller", units: [{ ...unit, kind: "controller", name: "ctr-ams05" }] })).toBe(
    "controller ctr-ams05",
  );
  expect(whatOf({ ...outage, kind: "platform" })).toBe("the platform");
  expect(extentOf({ ...outage, kind: "platform" })).toBe("3 countries");
  expect(extentOf({ ...outage, units: [{ ...unit, kind: "asn", name: "AS1136" }] })).toBe("NL 38, BE 11, LU 2");
  expect(whatOf({ ...outage, units: [] })).toBe("unknown");
  expect(whatOf({ ...outage, units: outage.units.slice(0, 1) })).toBe("NL Netherlands");
  expect(whatOf({ ...outage, units: [{ ...unit, kind: "asn", name: "AS1136" }] })).toBe("AS1136");
});

test.each([
  ["52,4", "52°–53° N, 4°–5° E"],
  ["-34,-59", "33°–34° S, 58°–59° W"],
  ["<b>", "<b>"],
])("the cell %s has its degrees", (name, words) => {
  expect(unitWords({ ...unit, kind: "cell", name })).toBe(words);
});

test("a chance is a power of ten", () => {
  expect([41.7, 9, 0.4, -3, Infinity, NaN].map(confidenceOf)).toEqual(["10⁻⁴¹", "10⁻⁹", "–", "–", "–", "–"]);
});

test("how long it lasts is told with whether it is over", () => {
  expect(lastsOf(outage, outage.start + 720)).toBe("on, 12 min");
  expect(lastsOf({ ...outage, state: "over", end: outage.start + 131 }, 2e9)).toBe("2 min 11 s");
  expect(lastsOf({ ...outage, state: "withdrawn" }, 2e9)).toBe("was none");
  expect(lastsOf({ ...outage, state: "lost" }, 2e9)).toBe("end not seen");
});

test("a ticket has one line in UTC with its date", () => {
  expect(ticket(outage, outage.start + 723, "https://atlas.example/probes?open=7")).toBe(
    "2015-03-27 11:52:07 UTC: 51 of 53 Atlas probes in NL, BE, LU lost their controller within 20 s; 26 back by 12:04:10. https://atlas.example/probes?open=7",
  );
  const over = { ...outage, state: "over" as const, probes: [{ id: 1, down: outage.start, back: outage.start + 86_400 }] };
  expect(ticket(over, 2e9, "x")).toContain("1 back by 2015-03-28 11:52:07.");
  expect(ticket({ ...outage, probes: [] }, outage.start + 60, "x")).toContain("none back by 11:53:07.");
});

test("new outages are announced in a sentence", () => {
  expect(announcement([outage])).toBe("An outage of NL 38, BE 11, LU 2: 51 of 53 probes lost.");
  expect(announcement([outage, { ...outage, kind: "platform" }])).toBe("2 new outages: NL 38, BE 11, LU 2; the platform.");
});

test("what is no code of a country stays as it is", () => {
  expect(["NL", "", "<img>", "nl"].map(countryName)).toEqual(["Netherlands", "", "<img>", "nl"]);
});
