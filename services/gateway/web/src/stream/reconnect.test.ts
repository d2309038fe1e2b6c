import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stream } from "./stream.ts";

/** A connection to nowhere. */
class Connection extends EventEmitter {
  connects = 0;
  recovered = true;
  io = Object.assign(new EventEmitter(), { engine: { close: () => this.emit("disconnect") } });
  connect() {
    this.connects++;
  }
}

let connection: Connection;
let stream: Stream;
let told: unknown[]; // what was missed, each time that the connection is said to be back

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("location", { origin: "http://localhost" });
  vi.stubGlobal("io", () => (connection = new Connection()));
  told = [];
  stream = new Stream({ msm: 1 }, { deliver() {}, back: (missed) => told.push(missed && [missed.from, missed.to]) });
  connection.emit("connect");
  connection.emit("atlas_subscribed");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a connection that was silent while the page was hidden is reopened at once", () => {
  vi.advanceTimersByTime(29_000);
  stream.check();
  expect([stream.state.is, connection.connects]).toEqual(["live", 0]);
  vi.advanceTimersByTime(2_000);
  stream.check();
  expect([stream.state.is, connection.connects]).toEqual(["connecting", 1]);
});

test("a viewer who returns does not wait for the next try", () => {
  connection.emit("disconnect");
  expect(stream.state.is).toBe("lost");
  stream.check();
  expect([stream.state.is, connection.connects]).toEqual(["connecting", 1]);
});

function loseAndConnect() {
  connection.emit("disconnect");
  vi.advanceTimersByTime(60_000);
  connection.emit("connect");
}

function sendGap(from: number, to: number) {
  const [start, end] = [from, to].map((time) => new Date(time * 1000).toISOString());
  connection.emit("atlas_error", `[gap] this client is too far behind: it misses what came in from ${start} to ${end}, from 1 to before 9`);
}

test("a gap right after the connection is back takes back that nothing was missed", () => {
  loseAndConnect();
  connection.emit("atlas_subscribed");
  sendGap(100, 200);
  sendGap(300, 400);
  expect(told).toEqual([undefined, [100, 200], [100, 400]]);
});

test("a gap before the subscription is confirmed is told with it", () => {
  loseAndConnect();
  sendGap(100, 200);
  expect(told).toEqual([]);
  connection.emit("atlas_subscribed");
  expect(told).toEqual([[100, 200]]);
});

test("a gap is of the connection that was lost before it, and of no other", () => {
  sendGap(100, 200);
  loseAndConnect();
  connection.emit("atlas_subscribed");
  vi.advanceTimersByTime(600_000);
  sendGap(300, 400);
  loseAndConnect();
  connection.emit("atlas_subscribed");
  expect(told).toEqual([undefined, undefined]);
});
