import fc from "fast-check";
import { expect, test } from "vitest";
import type { Parameters } from "../link/link.ts";
import type { AtlasRecord } from "../stream/record.ts";
import type { StreamHandlers } from "../stream/stream.ts";
import { Replayer, type ReplayStream } from "./replayer.ts";

/** A gateway's replays of some records, without its pace: `step` delivers the next ones. */
class Gateway {
  readonly asked: Parameters[] = [];
  readonly #records: AtlasRecord[];
  #handlers: StreamHandlers | undefined;
  #next = 0;
  #end = 0;
  cursorsAreGone = false;

  constructor(records: AtlasRecord[]) {
    this.#records = records;
  }

  readonly open = (parameters: Parameters, handlers: StreamHandlers): ReplayStream => {
    this.asked.push(parameters);
    const { startTime, endTime, cursor } = parameters as { startTime: number; endTime: number; cursor: string };
    const after = (time: number) => this.#records.findIndex((record) => (record["timestamp"] as number) > time);
    const from = this.#records.findIndex((record) => (record["timestamp"] as number) >= startTime);
    this.#end = after(endTime) < 0 ? this.#records.length : after(endTime);
    this.#next = cursor === "" ? (from < 0 ? this.#end : from) : Number(cursor);
    this.#handlers = handlers;
    const stream = {
      cursor: cursor === "" ? undefined : cursor,
      retry: () => {},
      close: () => (this.#handlers = this.#handlers === handlers ? undefined : this.#handlers),
    };
    this.#hand = (cursor) => (stream.cursor = cursor);
    if (cursor !== "" && this.cursorsAreGone) handlers.state?.({ is: "refused", error: { code: "cursor_gone", words: "too old" } });
    else handlers.state?.({ is: "live" });
    return stream;
  };
  #hand: (cursor: string) => void = () => {};

  get isAsked(): boolean {
    return this.#handlers !== undefined;
  }

  /** Delivers up to `count` records as one array, or ends the replay where there are none. */
  step(count: number): void {
    const given = this.#records.slice(this.#next, Math.min(this.#next + count, this.#end));
    if (given.length === 0) return this.#handlers?.state?.({ is: "ended", why: "finished" });
    this.#next += given.length;
    this.#hand(String(this.#next));
    this.#handlers?.deliver(given.map((record) => ({ event: "atlas_result", record, cursor: String(this.#next) })));
  }
}

const from = 1427410000;
const to = from + 1000;

function started(records: AtlasRecord[], speed: number | "max" = 60) {
  const gateway = new Gateway(records);
  const delivered: AtlasRecord[] = [];
  const before: AtlasRecord[] = [];
  const loaded: number[] = [];
  let now = 0;
  const replayer = new Replayer(
    { parameters: { msm: 1 }, from, to, cursorLife: 3600 },
    from,
    speed,
    {
      deliver: (deliveries, early) => (early ? before : delivered).push(...deliveries.map(({ record }) => record)),
      changed: () => {},
      gap: () => {},
      loaded: (since) => loaded.push(since),
    },
    gateway.open,
    () => now,
  );
  return { gateway, replayer, delivered, before, loaded, wait: (seconds: number) => (now += seconds) };
}

/** Results at these seconds after the start, each of a probe of its own. */
function resultsAt(...seconds: number[]): AtlasRecord[] {
  return seconds.map((second, index) => ({ msm_id: 1, prb_id: index + 1, timestamp: from + second }));
}

const steps = fc.array(
  fc.oneof(
    fc.record({ does: fc.constant("step" as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ does: fc.constant("toggle" as const) }),
    fc.record({ does: fc.constant("speed" as const), speed: fc.constantFrom(1, 60, 3600, "max" as const) }),
    fc.record({ does: fc.constant("skip" as const), time: fc.integer({ min: from, max: to }) }),
    fc.record({ does: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 5000 }) }),
    fc.record({ does: fc.constant("jump" as const), time: fc.integer({ min: from, max: to }), before: fc.constantFrom(0, 200) }),
  ),
);

test("paused, gone on, skipped and at any speed, each record of the rest comes exactly once", () => {
  const seconds = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });
  fc.assert(
    fc.property(seconds, steps, fc.boolean(), (offsets, actions, cursorsAreGone) => {
      const records = resultsAt(...offsets.map((offset) => offset * 15).sort((a, b) => a - b));
      const { gateway, replayer, delivered, wait } = started(records);
      gateway.cursorsAreGone = cursorsAreGone;
      let since = from;
      for (const action of actions) {
        if (action.does === "step") gateway.step(action.count);
        else if (action.does === "wait") wait(action.seconds);
        else if (action.does === "speed") replayer.setSpeed(action.speed);
        else if (action.does === "skip") replayer.skip(action.time);
        else if (action.does === "jump") {
          since = action.time;
          delivered.length = 0;
          replayer.jump(action.time, action.before);
        } else if (replayer.plays) replayer.pause();
        else {
          if (replayer.state.is === "ended") {
            since = from;
            delivered.length = 0;
          }
          replayer.play();
        }
      }
      while (replayer.state.is !== "ended") {
        replayer.play();
        gateway.step(3);
      }
      expect(delivered).toEqual(records.filter((record) => (record["timestamp"] as number) >= since));
    }),
  );
});

test("whatever is done, it plays if the last click says so, until the end", () => {
  fc.assert(
    fc.property(steps, (actions) => {
      const { gateway, replayer, wait } = started(resultsAt(10, 20, 300, 300, 900));
      let wants = false;
      for (const action of actions) {
        if (action.does === "step") gateway.step(action.count);
        else if (action.does === "wait") wait(action.seconds);
        else if (action.does === "speed") replayer.setSpeed(action.speed);
        else if (action.does === "skip") replayer.skip(action.time);
        else if (action.does === "jump") replayer.jump(action.time, action.before);
        else {
          wants = !wants;
          if (wants) replayer.play();
          else replayer.pause();
        }
        if (replayer.state.is === "ended") wants = false;
        expect(replayer.plays).toBe(wants);
        expect(wants ? ["loading", "starting", "playing"] : ["loading", "paused", "ended"]).toContain(replayer.state.is);
      }
    }),
  );
});

test("a pause while what came before is being loaded holds, and so does a play", () => {
  const { gateway, replayer, before, delivered } = started(resultsAt(10, 20, 30));
  replayer.play();
  replayer.jump(from + 20, 15);
  replayer.pause();
  replayer.setSpeed(600);
  expect([replayer.state.is, replayer.plays]).toEqual(["loading", false]);
  gateway.step(10);
  gateway.step(10);
  expect(replayer.state.is).toBe("paused");
  replayer.jump(from + 20, 15);
  replayer.play();
  expect(replayer.state.is).toBe("loading");
  gateway.step(10);
  gateway.step(10);
  expect(replayer.state.is).toBe("playing");
  expect(gateway.asked.at(-1)).toMatchObject({ startTime: from + 20, speed: 600 });
  expect([before.length, delivered.length]).toEqual([2, 0]);
});

test("at the end, another speed leaves it there, and playing begins anew", () => {
  const { gateway, replayer } = started(resultsAt(10));
  replayer.play();
  gateway.step(1);
  gateway.step(1);
  replayer.setSpeed(600);
  expect([replayer.state.is, replayer.plays]).toEqual(["ended", false]);
  replayer.play();
  expect(gateway.asked.at(-1)).toMatchObject({ startTime: from, speed: 600 });
});

test("where the log has a part of what came before, that part is loaded", () => {
  const { replayer } = started([]);
  const asked: Parameters[] = [];
  const loaded: number[] = [];
  const words = `startTime: got …, want no earlier than ${new Date((from + 100) * 1000).toISOString()}, when the log begins`;
  const short = new Replayer(
    replayer.interval,
    from + 500,
    1,
    { deliver: () => {}, changed: () => {}, gap: () => {}, loaded: (since) => loaded.push(since) },
    (parameters, { state }) => {
      asked.push(parameters);
      const isEarly = (parameters["startTime"] as number) < from + 100;
      state?.(isEarly ? { is: "refused", error: { code: "before_log", words } } : { is: "ended", why: "finished" });
      return { cursor: undefined, retry: () => {}, close: () => {} };
    },
  );
  short.jump(from + 500, 86_400);
  expect(asked.map(({ startTime }) => startTime)).toEqual([from + 500 - 86_400, from + 100]);
  expect(loaded).toEqual([from + 100]);
});

test("going on soon is by the cursor, with the same interval and speed", () => {
  const { gateway, replayer, wait } = started(resultsAt(1, 2, 2, 3));
  replayer.play();
  gateway.step(2);
  replayer.pause();
  wait(3599);
  replayer.play();
  expect(gateway.asked).toEqual([
    { msm: 1, startTime: from, endTime: to, speed: 60, cursor: "" },
    { msm: 1, startTime: from, endTime: to, speed: 60, cursor: "2" },
  ]);
});

test("going on when the cursor is too old is a replay from the newest record on", () => {
  const { gateway, replayer, delivered, wait } = started(resultsAt(1, 2, 2, 3));
  replayer.play();
  gateway.step(2);
  replayer.pause();
  wait(3600);
  replayer.play();
  expect(gateway.asked[1]).toEqual({ msm: 1, startTime: from + 2, endTime: to, speed: 60, cursor: "" });
  gateway.step(10);
  expect(delivered).toHaveLength(4);
});

test("the clock goes with the speed, stands while it is paused, and ends with the interval", () => {
  const { gateway, replayer, wait } = started(resultsAt(30, 90));
  replayer.play();
  wait(0.5);
  expect(replayer.clock).toBe(from + 30);
  gateway.step(1);
  wait(0.25);
  expect(replayer.clock).toBe(from + 45);
  replayer.pause();
  wait(100);
  expect(replayer.clock).toBe(from + 30);
  replayer.play();
  wait(1000);
  expect(replayer.clock).toBe(to);
});

test("what came before the instant that is shown is loaded apart, while it is paused", () => {
  const { gateway, replayer, before, delivered, loaded } = started(resultsAt(10, 20, 30));
  replayer.jump(from + 20, 15);
  expect(replayer.state.is).toBe("loading");
  expect(gateway.asked.at(-1)).toMatchObject({ startTime: from + 5, endTime: from + 19.999, speed: "max" });
  gateway.step(10);
  gateway.step(10);
  expect(replayer.state.is).toBe("paused");
  expect(loaded).toEqual([from + 5]);
  expect(before).toHaveLength(1);
  replayer.play();
  gateway.step(10);
  expect(delivered).toHaveLength(2);
});

test("nothing comes before what is to show it is there, and then all of it does", () => {
  const { gateway, replayer, before, delivered } = started(resultsAt(10, 20, 30));
  const release = replayer.hold();
  replayer.play();
  replayer.setSpeed(600);
  expect([replayer.state.is, replayer.plays, gateway.asked.length]).toEqual(["loading", true, 0]);
  replayer.jump(from + 20, 15);
  expect([replayer.state.is, replayer.clock, gateway.asked.length]).toEqual(["loading", from + 20, 0]);
  release();
  gateway.step(10);
  gateway.step(10);
  gateway.step(10);
  expect([before.length, delivered.length]).toEqual([1, 2]);
});

test("a replay that is held while it plays goes on where it was, unless it is closed", () => {
  const { gateway, replayer, delivered } = started(resultsAt(10, 20, 20, 30));
  replayer.play();
  gateway.step(2);
  const release = replayer.hold();
  expect(gateway.isAsked).toBe(false);
  release();
  gateway.step(10);
  expect(delivered).toHaveLength(4);
  const releaseClosed = replayer.hold();
  replayer.close();
  releaseClosed();
  expect(gateway.isAsked).toBe(false);
});

test("a replay that cannot go on says why", () => {
  const { replayer } = started([]);
  const refusing = new Replayer(
    replayer.interval,
    from,
    1,
    { deliver: () => {}, changed: () => {}, gap: () => {}, loaded: () => {} },
    (_, handlers) => {
      handlers.complain?.({ code: "unavailable", words: "the log cannot be read" });
      handlers.state?.({ is: "ended", why: "stopped" });
      return { cursor: undefined, retry: () => {}, close: () => {} };
    },
  );
  refusing.play();
  expect(refusing.state).toEqual({ is: "refused", error: { code: "unavailable", words: "the log cannot be read" } });
});
