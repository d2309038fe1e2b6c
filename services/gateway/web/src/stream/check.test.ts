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

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("location", { origin: "http://localhost" });
  vi.stubGlobal("io", () => (connection = new Connection()));
  stream = new Stream({ msm: 1 }, { deliver() {} });
  connection.emit("connect");
  connection.emit("atlas_subscribed");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a connection that was silent while nobody looked is made anew at once", () => {
  vi.advanceTimersByTime(29_000);
  stream.check();
  expect([stream.state.is, connection.connects]).toEqual(["live", 0]);
  vi.advanceTimersByTime(2_000);
  stream.check();
  expect([stream.state.is, connection.connects]).toEqual(["connecting", 1]);
});

test("who looks again does not wait for the next try", () => {
  connection.emit("disconnect");
  expect(stream.state.is).toBe("lost");
  stream.check();
  expect([stream.state.is, connection.connects]).toEqual(["connecting", 1]);
});
