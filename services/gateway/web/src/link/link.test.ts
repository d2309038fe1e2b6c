import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyLink, formatLink, pagePaths, parseLink, type Link, type PageName } from "./link.ts";

function parse(address: string) {
  const [path = "", search = ""] = address.split(/(?=\?)/);
  return parseLink(path, search);
}

const word = fc.stringMatching(/^[\w.:-]{1,20}$/);
const time = fc.integer({ min: 0, max: 4102444800000 }).map((milliseconds) => milliseconds / 1000);
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const parameters = fc
  .dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }), { noNullPrototype: true })
  .map((value) => JSON.parse(JSON.stringify(value))); // as it comes from JSON, without −0

const links: fc.Arbitrary<Link> = fc.record({
  page: fc.constantFrom(...(Object.keys(pagePaths) as PageName[])),
  sub: fc.array(parameters, { maxLength: 6 }),
  from: optional(time),
  to: optional(time),
  t: optional(time),
  speed: optional(fc.oneof(fc.constant("max" as const), fc.double({ min: 0.001, max: 1e9, noNaN: true }))),
  play: optional(fc.boolean()),
  view: optional(word),
  zoom: optional(word),
  group: optional(word),
  colour: optional(word),
  open: optional(word),
  bucket: optional(fc.integer({ min: 1, max: 999_999_999 })),
  sites: fc.array(word),
  find: optional(fc.string({ minLength: 1 })),
  watch: fc.array(word),
  kiosk: optional(fc.boolean()),
});

test("what a link says is read again", () => {
  fc.assert(
    fc.property(links, (link) => {
      expect(parse(formatLink(link))).toEqual({ link, faults: [] });
    }),
  );
});

test("a link stays legible", () => {
  const link = { ...emptyLink("replay"), sub: [{ msm: 1768147 }], t: Date.UTC(2015, 2, 27, 0, 8) / 1000, speed: 60, play: false };
  expect(formatLink(link)).toBe("/replay?sub=%7B%22msm%22:1768147%7D&t=2015-03-27T00:08Z&speed=60&play=0");
});

test("what is wrong in a link is left out and named", () => {
  const read = parse('/?sub={"msm":1001}&sub=[1]&speed=fast&play=1&play=0&token=x');
  expect(read?.link).toEqual({ ...emptyLink("explore"), sub: [{ msm: 1001 }], play: true });
  expect(read?.faults).toEqual([
    'sub: got "[1]", want an object of parameters, such as {"msm":1001}',
    'speed: got "fast", want a number above 0, or max',
    "play: given 2 times, the first counts",
    "token: no part of a link",
  ]);
});

test("a fault that a link has twice is told once", () => {
  expect(parse("/?sub=x&sub=x&sites=a%20b,a%20b")?.faults).toHaveLength(2);
});

test("there are four pages", () => {
  expect(parse("/nope")).toBeUndefined();
  expect(parse("/replay/")).toBeUndefined();
});
