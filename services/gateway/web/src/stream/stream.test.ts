import { EventEmitter } from "node:events";
import type { Socket } from "socket.io-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gapOf } from "./gap.ts";
import { keyOf, timeOf } from "./record.ts";
import { watchFrames, type Frame } from "./frames.ts";
import { backState, looks, stateWords, type PageState } from "./state.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const now = Date.UTC(2026, 10, 29, 12, 3, 10) / 1000;
const error = { code: "too_fast", words: "speed: got 9, want at most 4" };

test.each<[PageState, string]>([
  [{ is: "connecting" }, "connecting…"],
  [{ is: "live" }, "live"],
  [{ is: "live", newest: now - 4 }, "live"],
  [{ is: "live", newest: now - 31 }, "live, 31 s behind"],
  [{ is: "silent", since: now - 180, every: 4 }, "live, silent for 3 min (this measurement has a result every 4 s on average)"],
  [{ is: "silent", since: now - 20 }, "live, silent for 20 s"],
  [{ is: "paused", waiting: 1312 }, "paused, 1,312 waiting"],
  [{ is: "replaying", speed: 60, at: Date.UTC(2015, 2, 27, 0, 11, 4) / 1000 }, "replaying 60×, 2015-03-27 00:11:04"],
  [{ is: "catching up", newest: now - 480 }, "catching up, 8 min behind"],
  [{ is: "lost", nextTry: now + 4 }, "lost the connection, next try in 4 s"],
  [backState(undefined), "back, nothing missed"],
  [backState({ from: now - 190, to: now }), "back, missed 12:00:00–12:03:10"],
  [backState({ from: now - 86_400, to: null }), "back, missed 2026-11-28 12:03:10–?"],
  [{ is: "refused", error }, "refused: too_fast speed: got 9, want at most 4"],
])("%j is said so", (state, words) => {
  vi.setSystemTime(now * 1000);
  expect(stateWords(state, now, "UTC")).toBe(words);
});

test.each<[string, PageState]>([
  ["missed something", backState({ from: now - 190, to: now })],
  ["is behind", { is: "catching up", newest: now - 480 }],
  ["is silent", { is: "silent", since: now - 180 }],
  ["stands still", { is: "paused", waiting: 0 }],
  ["is lost", { is: "lost", nextTry: now }],
  ["is refused", { is: "refused", error }],
  ["has ended", { is: "ended", why: "stopped" }],
])("a page that %s does not look as if all were well", (_, state) => {
  expect(looks[state.is]).not.toBe("good");
});

test("a page that has missed nothing looks well", () => {
  expect([looks.live, looks[backState(undefined).is]]).toEqual(["good", "good"]);
});

test("a gap is as long as the gateway says, or else since the newest event", () => {
  const words =
    "this client is too far behind: it misses what came in from 2026-11-29T12:00:00Z to 2026-11-29T12:03:10Z, from 1 to before 9 of partition 5";
  expect(gapOf({ code: "gap", words }, 1, now)).toMatchObject({ from: now - 190, to: now });
  expect(gapOf({ code: "cursor_gone", words: "cursor: goes on at offset 1" }, now - 60, now)).toMatchObject({ from: now - 60, to: now });
  expect(gapOf({ code: "cursor_gone", words: "cursor: goes on at offset 1" }, undefined, now)).toMatchObject({ from: null, to: now });
});

test.each([
  [1427414903, 1427414903],
  ["1427414903.5", 1427414903.5],
  [Infinity, undefined],
  [-1, undefined],
  ["NaN", undefined],
  [null, undefined],
  [{ valueOf: 1, toString: 2 }, undefined],
])("the time of a record with the timestamp %j is %j", (timestamp, time) => {
  expect(timeOf({ timestamp })).toBe(time);
});

test("records of one probe and time differ by measurement and event", () => {
  const record = { msm_id: 7000, prb_id: 1, timestamp: 5, type: "connection", event: "connect" };
  expect(keyOf({ ...record })).toBe(keyOf({ ...record, probe: { id: 1 } }));
  expect(keyOf(record)).not.toBe(keyOf({ ...record, event: "disconnect" }));
});

test("no frame tells the token, whatever it has in it", () => {
  const engine = new EventEmitter();
  const manager = Object.assign(new EventEmitter(), { engine });
  const frames: Frame[] = [];
  watchFrames(
    { io: manager } as unknown as Socket,
    () => 'se"cret',
    (frame) => frames.push(frame),
  );
  manager.emit("open");
  engine.emit("packetCreate", { type: "message", data: '0{"token":"se\\"cret","pid":"a"}' });
  engine.emit("packet", { type: "message", data: "x".repeat(1990) + 'se\\"cret' });
  expect(frames.map(({ text, direction, size }) => [direction, size, text.slice(0, 40)])).toEqual([
    ["out", 32, '40{"token":"(your token)","pid":"a"}'],
    ["in", 1999, `4${"x".repeat(39)}`],
  ]);
  expect(frames.some(({ text }) => text.includes("se"))).toBe(false);
});
