import { expect, test } from "vitest";
import { placesIn } from "./places.ts";

test("a file of places is read", () => {
  expect(placesIn('{"JNB": [28.246, -26.139], "LHR": [0, 51.5]}')).toEqual({ JNB: [28.246, -26.139], LHR: [0, 51.5] });
});

test.each([
  ["no JSON", "The file is no JSON."],
  ["[]", "The file has no object of codes."],
  ['{"JNB": [28.2]}', "JNB: got [28.2], want [longitude, latitude] in degrees."],
  ['{"JNB": [28.2, -126]}', "JNB: got [28.2,-126], want [longitude, latitude] in degrees."],
  ['{"JNB": "there"}', 'JNB: got "there", want [longitude, latitude] in degrees.'],
])("%s is refused", (text, fault) => {
  expect(placesIn(text)).toBe(fault);
});

test("a file may have a member of any name", () => {
  expect(Object.keys(placesIn('{"__proto__": [1, 2]}'))).toEqual(["__proto__"]);
});
