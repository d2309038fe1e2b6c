import fc from "fast-check";
import { expect, test } from "vitest";
import type { Probes } from "../api/types.ts";
import { countOf, eventOf, isLost, States, type ConnectionEvent } from "./state.ts";

const columns: Probes = {
  as_of: { registry: 5, connections: 9 },
  id: [1, 2, 3, 4, 5],
  lat: [52, null, 0, 0, 0],
  lon: [4, null, 0, 0, 0],
  country: ["NL", "DE", null, "NL", "NL"],
  asn: [3333, 3320, null, 1136, 1136],
  status: [1, 2, null, 0, 4],
  since: [1000, 900, null, null, 50],
  event: [1, 0, 0, 0, 0],
};

function event(probe: number, time: number, standing: ConnectionEvent["standing"]): ConnectionEvent {
  return { probe, time, standing, asn: null };
}

function loaded(): States {
  const states = new States();
  states.load(columns);
  return states;
}

test("the registry's codes have a meaning", () => {
  expect(countOf(loaded().probes.values(), 2000)).toEqual({ connected: 1, disconnected: 1, lost: 1, unknown: 1, unused: 2 });
});

test("the newest word on a probe holds, by its own time", () => {
  const states = loaded();
  const touched = states.take([
    event(1, 999, "disconnected"),
    event(2, 1100, "connected"),
    event(2, 1050, "disconnected"),
    event(9, 1, "connected"),
  ]);
  expect([...touched]).toEqual([2, 9]);
  expect(states.probes.get(1)).toMatchObject({ standing: "connected", since: 1000 });
  expect(states.probes.get(2)).toMatchObject({ standing: "connected", since: 1100, heard: true, country: "DE" });
  expect(states.probes.get(9)).toMatchObject({ standing: "connected", country: "" });
});

test("of two events of one second the later one holds", () => {
  const states = loaded();
  states.take([event(1, 1500, "disconnected"), event(1, 1500, "connected")]);
  expect(states.probes.get(1)?.standing).toBe("connected");
});

test("what is loaded again is no older than what was heard", () => {
  const states = loaded();
  states.take([event(1, 1500, "disconnected"), event(2, 1500, "connected")]);
  states.load({ ...columns, since: [1600, 1700, null, null, null], country: ["BE", "DE", null, null, null] });
  expect(states.probes.get(1)).toMatchObject({ standing: "connected", since: 1600, country: "BE" });
  expect(states.probes.get(2)).toMatchObject({ standing: "connected", since: 1500 }); // what the registry alone says may be old
});

test("in a replay the registry tells where probes are, and nothing of their state", () => {
  const states = new States();
  states.take([event(1, 500, "disconnected")]);
  states.load(columns, false);
  expect(countOf(states.probes.values(), 600)).toMatchObject({ connected: 0, disconnected: 1, unknown: 4 });
  expect(states.probes.get(1)).toMatchObject({ country: "NL", standing: "disconnected", since: 500 });
});

test("a probe is lost for an hour", () => {
  const probe = loaded().probes.get(2);
  expect(probe && isLost(probe, 900 + 3599)).toBe(true);
  expect(probe && isLost(probe, 900 + 3600)).toBe(false);
});

test("the order in which different times come makes no difference", () => {
  const events = fc.uniqueArray(fc.record({ time: fc.integer({ min: 1, max: 100 }), isUp: fc.boolean() }), {
    selector: ({ time }) => time,
    minLength: 1,
  });
  fc.assert(
    fc.property(events, fc.infiniteStream(fc.nat()), (events, order) => {
      const shuffled = events.map((one) => ({ one, at: order.next().value as number })).sort((a, b) => a.at - b.at);
      const states = new States();
      states.take(shuffled.map(({ one }) => event(1, one.time, one.isUp ? "connected" : "disconnected")));
      const last = events.reduce((newest, one) => (one.time > newest.time ? one : newest));
      expect(states.probes.get(1)).toMatchObject({ since: last.time, standing: last.isUp ? "connected" : "disconnected" });
    }),
  );
});

test("a record is read whatever it holds", () => {
  expect(eventOf({ prb_id: 12, event: "disconnect", timestamp: 1426633200, asn: 3333 })).toEqual({
    probe: 12,
    time: 1426633200,
    standing: "disconnected",
    asn: 3333,
  });
  expect(eventOf({ prb_id: 12, event: "connect", timestamp: 1, asn: "AS1" })?.asn).toBeNull();
  for (const wrong of [{ prb_id: "12" }, { prb_id: 1.5 }, { prb_id: 0 }, { event: "__proto__" }, { timestamp: null }, { timestamp: 1e300 }])
    expect(eventOf({ prb_id: 12, event: "connect", timestamp: 1, ...wrong })).toBeUndefined();
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), (record) => void eventOf(record)));
});
