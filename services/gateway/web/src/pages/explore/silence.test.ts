import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clock } from "../../frame/clock.svelte.ts";
import type { Measurement } from "../../api/types.ts";
import { chipState } from "../instances/chipstate.ts";

let connection: EventEmitter;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  vi.stubGlobal("location", { origin: "", pathname: "/", search: "" });
  vi.stubGlobal("io", () => (connection = Object.assign(new EventEmitter(), { io: new EventEmitter(), off() {}, disconnect() {} })));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Subscribes as Explore does to a measurement that has no results. */
async function subscribe(interval: number | null, participants: number | null) {
  const { Subscription } = await import("./subscription.svelte.ts");
  const known = () => ({ id: 1001, interval, participants }) as Measurement;
  const subscription = new Subscription("A", { msm: 1001 }, { show() {}, clear() {}, frame() {}, changed() {}, known });
  connection.emit("connect");
  connection.emit("atlas_subscribed");
  return subscription;
}

test.each([
  [240, 12_000, 31],
  [240, 60, 41],
  [240, 1, 721],
  [null, null, 31],
])("Explore calls a measurement of %j s and %j probes silent when Instances does", async (interval, participants, seconds) => {
  const subscription = await subscribe(interval, participants);
  const { every } = subscription;
  const live = { stream: subscription.state, paused: false, waiting: 0, newest: undefined, heardAt: clock.current(), back: undefined };
  const pace = { every, interval: interval ?? undefined };
  let [here, there]: number[] = [];
  for (let after = 1; after < 1000; after++) {
    vi.advanceTimersByTime(1000);
    clock.tick();
    if (subscription.silentSince !== undefined) here ??= after;
    if (chipState({ ...live, ...pace }, clock.now).is === "silent") there ??= after;
  }
  expect([here, there]).toEqual([seconds, seconds]);
  subscription.close();
});
