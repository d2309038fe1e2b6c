import { expect, test } from "vitest";
import { chipState, worstOf, type Live } from "./chipstate.ts";

const missed = { from: 1, to: 2 };
const live: Live = {
  stream: { is: "live" },
  paused: false,
  waiting: 0,
  newest: 995,
  heardAt: 998,
  back: undefined,
  every: 4,
  interval: 240,
};

test.each<[string, Partial<Live>, object]>([
  ["live", {}, { is: "live", newest: 995 }],
  ["what the stream says, if it is not live", { stream: { is: "lost", nextTry: 1004 } }, { is: "lost", nextTry: 1004 }],
  ["paused, with what waits", { paused: true, waiting: 312 }, { is: "paused", waiting: 312 }],
  ["back, for a while", { back: { at: 995, missed: undefined } }, { is: "back" }],
  ["back with a gap", { back: { at: 995, missed }, paused: true }, { is: "back with a gap", missed }],
  ["live again after that", { back: { at: 980, missed: undefined } }, { is: "live" }],
  ["silent, if ten results should have come", { heardAt: 950 }, { is: "silent", since: 950, every: 4 }],
  ["not silent, if results are rare", { heardAt: 950, every: 60 }, { is: "live" }],
  ["silent, if the only probe has none for three intervals", { heardAt: 279, every: 240 }, { is: "silent", since: 279 }],
  ["not silent before that", { heardAt: 280, every: 240 }, { is: "live" }],
  ["catching up, before it is back", { newest: 900, back: { at: 995, missed: undefined } }, { is: "catching up", newest: 900 }],
  ["paused, also while it catches up", { newest: 900, back: { at: 995, missed: undefined }, paused: true }, { is: "paused", waiting: 0 }],
  ["live, if what comes is old because nothing newer is there", { newest: 600 }, { is: "live", newest: 600 }],
])("%s", (_, changes, state) => {
  expect(chipState({ ...live, ...changes }, 1000)).toMatchObject(state);
});

test("one that has no subscription yet connects", () => {
  expect(chipState(undefined, 1000)).toEqual({ is: "connecting" });
});

test("of several measurements the chip tells the worst", () => {
  const lost = { is: "lost", nextTry: 5 } as const;
  const back = { is: "back with a gap", missed } as const;
  expect(worstOf([{ is: "live" }, lost])).toEqual(lost);
  expect(worstOf([{ is: "silent", since: 5 }, lost])).toEqual(lost);
  expect(worstOf([{ is: "back" }, { is: "ended", why: "stopped" }])).toEqual({ is: "ended", why: "stopped" });
  expect(worstOf([back, { is: "connecting" }])).toEqual({ is: "connecting" });
  expect(worstOf([{ is: "back" }, back])).toEqual(back);
  expect(worstOf([{ is: "live", newest: 7 }, { is: "live" }])).toEqual({ is: "live", newest: 7 });
  expect(worstOf([])).toEqual({ is: "connecting" });
});
