import { expect, test } from "vitest";
import { Bursts } from "./bursts.ts";
import { Catchments } from "./catchments.ts";
import { flows } from "./gaps.ts";

const interval = 240;
const start = 1_700_000_000;

const result = (probe: number, time: number, name: string, rtt = 20) => ({
  prb_id: probe,
  timestamp: time,
  result: { rt: rtt, answers: [{ TYPE: "TXT", RDATA: [name] }] },
});

/** The site of a probe in a round of the measurement. */
type Answer = (probe: number, round: number) => string;

/** Rounds of the measurement: each probe asks once in each, always at the same moment of it. */
function measured(probes: number, rounds: number, answer: Answer): Catchments {
  const catchments = new Catchments({ interval });
  for (let round = 0; round < rounds; round++) {
    for (let probe = 0; probe < probes; probe++) {
      const time = start + round * interval + Math.floor((probe * interval) / probes);
      catchments.take([result(probe, time, answer(probe, round), answer(probe, round) === "JNB" ? 20 : 180)]);
    }
  }
  return catchments;
}

const usual = (probe: number) => (probe < 40 ? "JNB" : "LHR");

test("a site that loses its probes to several others is one burst", () => {
  const elsewhere = (probe: number) => (probe % 4 === 0 ? "AMS" : "LHR");
  const { bursts } = measured(100, 12, (probe, round) => (round >= 5 && probe < 36 ? elsewhere(probe) : usual(probe)));
  expect(bursts).toHaveLength(1);
  expect(bursts[0]).toMatchObject({ over: true, start: start + 5 * interval, shares: [{ side: "from", site: "JNB", moved: 36, of: 40 }] });
  expect(flows(bursts[0]?.moves ?? [])).toEqual([
    { to: "LHR", moves: 27 },
    { to: "AMS", moves: 9 },
  ]);
});

test("a new site that draws probes from several others is one burst", () => {
  const { bursts } = measured(100, 12, (probe, round) =>
    round >= 5 && probe % 5 === 0 ? "CPT" : (["JNB", "LHR", "AMS", "FRA"][probe % 4] ?? ""),
  );
  expect(bursts.map(({ shares }) => shares.map(({ side, site, moved }) => [side, site, moved]))).toEqual([[["to", "CPT", 20]]]);
});

test("the way back belongs to the burst", () => {
  const { bursts } = measured(100, 16, (probe, round) => (round >= 5 && round < 9 && probe < 36 ? "LHR" : usual(probe)));
  expect(bursts).toHaveLength(1);
  expect(bursts[0]?.back).toHaveLength(36);
});

test("two that are hours apart are two", () => {
  const { bursts } = measured(100, 60, (probe, round) =>
    round >= 5 && probe < 20 ? "LHR" : round >= 50 && probe < 38 ? "AMS" : usual(probe),
  );
  expect(bursts.map(({ shares }) => shares.map(({ side, site, moved }) => [side, site, moved]))).toEqual([
    [["from", "JNB", 20]],
    [["from", "JNB", 18]],
  ]);
});

test("probes that flip to and fro all the time are flappers, and no burst", () => {
  const catchments = measured(100, 40, (probe, round) => (probe < 12 && (round + probe) % 4 < 2 ? "AMS" : usual(probe)));
  expect(catchments.flappers.list(catchments.time)).toHaveLength(12);
  const late = catchments.bursts.filter(({ start: at }) => at > start + 12 * interval);
  expect(late).toEqual([]);
});

test("single moves now and then are none", () => {
  const { bursts, moves } = measured(100, 100, (probe, round) => (round >= probe ? "AMS" : usual(probe)));
  expect([moves.length > 90, bursts]).toEqual([true, []]);
});

test("a burst is told as soon as it is one, and withdrawn by nothing that follows", () => {
  const bursts = new Bursts(interval);
  for (let probe = 0; probe < 6; probe++) bursts.take(move(probe, start + probe), { from: 40, to: 60 });
  expect(bursts.list).toMatchObject([{ over: false, shares: [{ moved: 6 }] }]);
  bursts.advance(start + interval + 6);
  expect(bursts.list).toMatchObject([{ over: true, shares: [{ moved: 6 }] }]);
});

test("moves that come in another order are the same burst", () => {
  const bursts = new Bursts(interval);
  for (const probe of [3, 0, 5, 1, 4, 2]) bursts.take(move(probe, start + 10 * probe), { from: 40, to: 60 });
  bursts.advance(start + 2 * interval);
  expect(bursts.list).toMatchObject([{ start, last: start + 50, shares: [{ moved: 6 }] }]);
});

function move(probe: number, at: number) {
  const sites = { from: "JNB", to: "LHR", before: at - interval, rttBefore: 20, rttAfter: 180 };
  return { vantage: String(probe), probe, at, ...sites, back: false, kind: "move" as const };
}
