import { expect, test } from "vitest";
import type { Measurement } from "../../api/types.ts";
import type { Move } from "../../instances/moves.ts";
import { hourTo, lastHourOf, liveLink, parametersOf, subjectOf } from "./beginning.ts";
import { moveMarkers, neighbour } from "./markers.ts";

const now = 1427414903.5;
const nothing = { first: null, last: null, measurement: null };

function measurement(stopped: boolean, stop: number | null): Measurement {
  return {
    id: 1,
    type: "dns",
    description: null,
    target: null,
    af: 4,
    interval: 3600,
    participants: 64,
    status: null,
    stopped,
    public: true,
    start: 1426888000,
    stop,
    source: "registry",
    rate: null,
  };
}

test("without an interval it is the last hour before the last result", () => {
  expect(lastHourOf({ ...nothing, complete: true, first: 1426888000, last: 1427000000.5 }, now)).toEqual({
    from: 1426996400,
    to: 1427000002,
  });
  expect(lastHourOf({ ...nothing, complete: true, first: 1426999000, last: 1427000000 }, now)).toEqual({
    from: 1426999000,
    to: 1427000001,
  });
  expect(lastHourOf({ ...nothing, complete: true }, now)).toBeUndefined();
  expect(hourTo(now)).toEqual({ from: 1427411303, to: 1427414903 });
});

test("a measurement that runs but is not met near the ends of the log has its last hour up to now", () => {
  const running = { ...nothing, complete: false, measurement: measurement(false, null) };
  expect(lastHourOf(running, now)).toEqual({ from: 1427411303, to: 1427414905 });
  expect(lastHourOf({ ...running, first: 1426000000, last: 1426000100 }, now)).toEqual({ from: 1427411303, to: 1427414905 });
  expect(lastHourOf({ ...running, complete: true, last: 1427000000 }, now)).toEqual({ from: 1426996400, to: 1427000001 });
});

test("one that has stopped ends when it stopped, unless the log says better", () => {
  const stopped = { ...nothing, complete: false, measurement: measurement(true, 1427400000) };
  expect(lastHourOf(stopped, now)).toEqual({ from: 1427396400, to: 1427400001 });
  expect(lastHourOf({ ...stopped, complete: true, last: 1427399000 }, now)).toEqual({ from: 1427395400, to: 1427399001 });
  expect(lastHourOf({ ...stopped, measurement: measurement(true, null) }, now)).toBeUndefined();
});

test("one that only the log knows ends where it was met", () => {
  expect(lastHourOf({ ...nothing, complete: false, first: 1426999000, last: 1427000000 }, now)).toEqual({
    from: 1426996400,
    to: 1427000001,
  });
  expect(lastHourOf({ ...nothing, complete: false }, now)).toBeUndefined();
});

test("a subscription is about a measurement, or about connections", () => {
  expect(subjectOf({ msm: 1768147, prb: 1 })).toEqual({ msm: 1768147 });
  for (const parameters of [{ stream_type: "probestatus" }, { stream_type: "probe", prb: 1 }, { streamType: "probe" }]) {
    expect(subjectOf(parameters)).toEqual({ stream: "probestatus" });
  }
  expect(subjectOf({ msm: "x" })).toBeUndefined();
});

test("the view of probes needs no subscription in its link", () => {
  expect(parametersOf({ sub: [], view: "probes" })).toEqual({ stream_type: "probestatus" });
  expect(parametersOf({ sub: [{ msm: 5 }], view: "probes" })).toEqual({ msm: 5 });
  expect(parametersOf({ sub: [], view: "instances" })).toBeUndefined();
});

test("what is replayed comes live on the page that shows it as it is shown here", () => {
  expect(liveLink({ msm: 5 }, "table")).toBe("/?sub=%7B%22msm%22:5%7D");
  expect(liveLink({ msm: 5 }, "instances")).toBe("/instances?sub=%7B%22msm%22:5%7D");
  expect(liveLink({ stream_type: "probestatus" }, "probes")).toBe("/probes");
});

test("the neighbour of a time is the nearest marker on that side, and not the one that it stands at", () => {
  const markers = [100, 200, 300].map((time) => ({ time, what: "outage" }));
  expect(neighbour(markers, 200, 1)?.time).toBe(300);
  expect(neighbour(markers, 200.5, -1)?.time).toBe(100);
  expect(neighbour(markers, 300, 1)).toBeUndefined();
});

test("bursts of moves and changes over a gap are worth going to", () => {
  const move = (from: string, to: string, at: number, kind: Move["kind"]) => ({ from, to, at, kind, before: 100 }) as Move;
  const moves = [move("JNB", "LHR", 500, "move"), move("JNB", "AMS", 505, "move")];
  const share = { side: "from" as const, site: "JNB", start: 500, moved: 2, of: 9, expected: 0, score: 20 };
  const bursts = [{ start: 500, last: 505, over: true, shares: [share], moves, back: [] }];
  const gaps = [{ from: "CDG", lastSeen: 100, firstAgain: 900, lastAgain: 910, moves: [move("CDG", "FRA", 900, "gap")] }];
  expect(moveMarkers(bursts, gaps)).toEqual([
    { key: "moves,JNB,500", time: 500, what: "moves: JNB lost 2 of 9 probes: 1→AMS 1→LHR" },
    { key: "change over a gap,CDG,900", time: 900, what: "change over a gap: 1 probe left CDG" },
  ]);
});
