import { expect, test } from "vitest";
import type { Explore } from "./explore.svelte.ts";
import { stateOf } from "./pagestate.ts";

const live = { state: { is: "live" }, isBack: false, isCatchingUp: false, back: undefined, newest: 1000 };
const back = { ...live, isBack: true, back: { at: 1000, missed: undefined } };

function stateWith(...subscriptions: object[]) {
  return stateOf({ subscriptions, paused: false, rows: { waiting: 0 } } as unknown as Explore);
}

test("a connection that is back is not said to be before what it has held up has come", () => {
  expect(stateWith(live)).toEqual({ is: "live", newest: 1000 });
  expect(stateWith(live, back)).toEqual({ is: "back" });
  const missed = { from: 1, to: 2 };
  expect(stateWith(back, { ...back, back: { at: 1000, missed } })).toEqual({ is: "back with a gap", missed });
  const late = { ...back, isCatchingUp: true };
  expect(stateWith(back, { ...late, newest: 900 }, { ...late, newest: 800 })).toEqual({ is: "catching up", newest: 800 });
});

test("a table that stands still says so while a backlog comes", () => {
  const late = { ...live, isCatchingUp: true, newest: 800 };
  expect(stateOf({ subscriptions: [late], paused: true, rows: { waiting: 7 } } as unknown as Explore)).toEqual({
    is: "paused",
    waiting: 7,
  });
});
