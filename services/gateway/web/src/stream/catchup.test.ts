import { expect, test } from "vitest";
import { isCatchingUp, type Arrivals } from "./catchup.ts";

const arrivals: Arrivals = { back: { at: 1000 }, newest: 900, heardAt: 1002 };

test.each<[string, Partial<Arrivals>, boolean]>([
  ["what comes is older than the return", {}, true],
  ["the connection was never lost", { back: undefined }, false],
  ["nothing has come at all", { newest: undefined }, false],
  ["nothing has come since the return", { heardAt: 1000 }, false],
  ["nothing comes any more", { heardAt: 1002 - 5 }, false],
  ["results are a while on their way", { newest: 940 }, false],
  ["what comes is new", { newest: 1001 }, false],
])("%s", (_, changes, is) => {
  expect(isCatchingUp({ ...arrivals, ...changes }, 1003)).toBe(is);
});
