import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchSleep } from "./sleep.ts";

const page = Object.assign(new EventTarget(), { hidden: false });
let looked = 0;
let end: () => void;
page.addEventListener("visibilitychange", () => looked++);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  looked = 0;
  end = watchSleep();
});
afterEach(() => {
  end();
  page.hidden = false;
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Nothing runs for so long. */
function sleep(ms: number) {
  vi.setSystemTime(Date.now() + ms);
  vi.advanceTimersByTime(1000);
}

test("a page that was asleep is looked at again, once", () => {
  vi.advanceTimersByTime(60_000);
  expect(looked).toBe(0);
  sleep(60_000);
  vi.advanceTimersByTime(60_000);
  expect(looked).toBe(1);
});

test("a page that is hidden is called seldom, and has not slept", () => {
  page.hidden = true;
  sleep(60_000);
  page.hidden = false;
  vi.setSystemTime(Date.now() + 60_000);
  page.dispatchEvent(new Event("visibilitychange")); // the browser's own
  vi.advanceTimersByTime(1000);
  expect(looked).toBe(1);
});
