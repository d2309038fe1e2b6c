import { expect, test } from "vitest";
import { allSeen, arrived, looked, tabTitle } from "./seen.ts";

test("outages that come while nobody looks are counted in the title, until the page is looked at again", () => {
  const away = arrived(arrived(looked(allSeen, 100, true), ["a"], true), ["b"], true);
  expect(tabTitle("Probes", away)).toBe("(2) Probes – atlas-stream");
  const back = looked(away, 160, false);
  expect(back).toEqual({ unseen: [], left: undefined, away: { from: 100, until: 160, keys: ["a", "b"] } });
  expect(tabTitle("Probes", back)).toBe("Probes – atlas-stream");
});

test("what comes while somebody looks is seen", () => {
  expect(arrived(allSeen, ["a"], false)).toEqual(allSeen);
  expect(looked(looked(allSeen, 100, true), 160, false)).toEqual(allSeen);
});

test("what was new stays told when nothing comes the next time, and the first time that nobody looked counts", () => {
  const back = looked(arrived(looked(allSeen, 100, true), ["a"], true), 160, false);
  const again = looked(looked(looked(back, 200, true), 210, true), 220, false);
  expect(again.away?.from).toBe(100);
  expect(looked(looked(allSeen, 200, true), 210, true).left).toBe(200);
});

test("no more than 500 are counted", () => {
  const keys = Array.from({ length: 600 }, (_, i) => String(i));
  expect(arrived(allSeen, keys, true).unseen).toHaveLength(500);
});
