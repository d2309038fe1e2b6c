import { expect, test } from "vitest";
import type { Connections } from "../api/types.ts";
import { Activity, busiest, hours, lastHour } from "./activity.ts";
import { sparkline } from "./sparkline.ts";

const now = 1_426_636_830; // half a minute into a minute
const minute = now - 30;

function event(time: number, standing: "connected" | "disconnected" = "disconnected") {
  return { probe: 1, time, standing, asn: null };
}

function told(to: number, disconnects: (number | null)[]): Connections {
  const none = disconnects.map(() => 0);
  return {
    from: to - 60 * disconnects.length,
    to,
    step: 60,
    as_of: 1,
    world: { connected: disconnects.map((_, i) => 100 + i), connects: none, disconnects },
    countries: {},
  };
}

test("events are counted by the minute; before the page was open nothing is known", () => {
  const activity = new Activity(minute - 60);
  activity.take([event(minute + 1), event(minute + 29), event(minute - 1, "connected"), event(now - 90_000), event(now + 1000)], now);
  const minutes = activity.minutes(now, 42);
  expect(minutes).toHaveLength(1440);
  expect(minutes.slice(-3)).toEqual([
    { at: minute - 120, connects: null, disconnects: null, connected: null },
    { at: minute - 60, connects: 1, disconnects: 0, connected: null },
    { at: minute, connects: 0, disconnects: 2, connected: 42 },
  ]);
});

test("what the gateway tells fills the time before, and neither count loses what the other has", () => {
  const activity = new Activity(minute);
  activity.take([event(minute + 1), event(minute + 2), event(minute + 3)], now);
  activity.tell(told(minute + 60, [null, 7, 1]));
  expect(activity.minutes(now, 42).slice(-3)).toEqual([
    { at: minute - 120, connects: 0, disconnects: null, connected: 100 },
    { at: minute - 60, connects: 0, disconnects: 7, connected: 101 },
    { at: minute, connects: 0, disconnects: 3, connected: 42 },
  ]);
});

test("the last hour says from when on it is known", () => {
  const heard = minute - 590;
  const activity = new Activity(heard);
  activity.take([event(minute), event(minute - 300), event(minute - 300, "connected")], now);
  expect(lastHour(activity.minutes(now, 1), heard)).toEqual({ connects: 1, disconnects: 2, since: heard, isWhole: false });
  activity.tell(told(minute + 60, Array(120).fill(1)));
  expect(lastHour(activity.minutes(now, 1), heard)).toEqual({ connects: 1, disconnects: 60, since: minute - 59 * 60, isWhole: true });
});

test("hours sum what is known of their minutes", () => {
  const activity = new Activity(minute - 86_400);
  activity.take([event(minute), event(minute - 3600), event(minute - 3600)], now);
  const all = hours(activity.minutes(now, 5));
  expect(all.length).toBeGreaterThanOrEqual(24);
  expect(all.at(-1)).toMatchObject({ disconnects: 1, connected: 5 });
  expect(all.reduce((sum, { disconnects }) => sum + (disconnects ?? 0), 0)).toBe(3);
  expect(busiest(activity.minutes(now, 5))).toMatchObject({ at: minute - 3600, disconnects: 2 });
});

test("a sparkline has gaps where nothing is known", () => {
  expect(sparkline([10, 10, null, 5, 10], 40, 12)).toEqual(["0.0,1.0 10.0,1.0", "30.0,11.0 40.0,1.0"]);
  expect(sparkline([null, 3], 40, 12)).toEqual([]);
  expect(sparkline([], 40, 12)).toEqual([]);
});
