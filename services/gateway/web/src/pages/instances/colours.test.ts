import { expect, test } from "vitest";
import { SiteColours } from "./colours.ts";

test("a site keeps its colour whatever comes, and has it in a link", () => {
  const colours = new SiteColours();
  colours.assign(["LHR", "<script>", "JNB"]);
  const before = ["LHR", "<script>", "JNB"].map((code) => colours.of(code));
  colours.assign(["JNB", "LHR", ...Array.from({ length: 20 }, (_, i) => `S${i}`)]);
  expect(["LHR", "<script>", "JNB"].map((code) => colours.of(code))).toEqual(before);
  const opened = new SiteColours(colours.linked);
  opened.assign(["JNB", "S1", "LHR"]);
  expect(["LHR", "JNB", "S4"].map((code) => opened.of(code))).toEqual(["LHR", "JNB", "S4"].map((code) => colours.of(code)));
  expect(colours.linked.every((word) => /^[\w.:-]+$/.test(word))).toBe(true); // what cannot stand in a link leaves its colour free
});
