import { expect, test } from "vitest";
import { Pause } from "./pause.svelte.ts";

test("what comes during a pause is kept in order, counted, and given at its end", () => {
  const pause = new Pause();
  expect(pause.holds([{ prb_id: 1 }])).toBe(false);
  pause.begin(100);
  expect(pause.holds([{ prb_id: 2 }, { prb_id: 3 }])).toBe(true);
  expect(pause.holds([{ prb_id: 4 }])).toBe(true);
  expect([pause.since, pause.waiting]).toEqual([100, 3]);
  expect(pause.end()).toEqual([{ prb_id: 2 }, { prb_id: 3 }, { prb_id: 4 }]);
  expect([pause.since, pause.waiting, pause.holds([{ prb_id: 5 }])]).toEqual([undefined, 0, false]);
});

test("the newest 20,000 are kept and counted", () => {
  const pause = new Pause();
  pause.begin(100);
  pause.holds(Array.from({ length: 15_000 }, (_, i) => ({ prb_id: i })));
  pause.holds(Array.from({ length: 15_000 }, (_, i) => ({ prb_id: 15_000 + i })));
  expect(pause.waiting).toBe(20_000);
  const held = pause.end();
  expect([held.length, held[0], held.at(-1)]).toEqual([20_000, { prb_id: 10_000 }, { prb_id: 29_999 }]);
});
