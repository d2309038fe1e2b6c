import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { meaningOf, meanings, parameterOf, parseError } from "./errors.ts";

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const errors = readme.slice(readme.indexOf("\n## Errors"), readme.indexOf("\n## ", readme.indexOf("\n## Errors") + 1));

test("each code of the gateway's README has its place and its remedy, and no other", () => {
  const told = [...errors.matchAll(/^\| (`[a-z_, `]+`) \|/gm)].flatMap(([, codes = ""]) => codes.replaceAll("`", "").split(", "));
  const api = ["too_many_reads", "unknown_method", "unknown_path"]; // of the read API only
  expect(told).toContain("too_fast");
  expect(Object.keys(meanings).sort()).toEqual([...told, ...api].sort());
});

test("a code that is not known, or is a member of every object, has a remedy too", () => {
  for (const code of ["brand_new", "constructor", "__proto__", ""]) expect(meaningOf(code).remedy).toMatch(/does not know/);
});

test("an error is taken apart, whatever was sent", () => {
  expect(parseError("[too_fast] speed: got 9")).toEqual({ code: "too_fast", words: "speed: got 9" });
  expect(parseError({ a: 1 })).toEqual({ code: "unknown", words: '{"a":1}' });
  expect(parameterOf(parseError("[invalid_parameter] equalsTo.af: got 5, want 4 or 6"))).toBe("equalsTo.af");
});
