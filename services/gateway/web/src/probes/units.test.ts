import { expect, test } from "vitest";
import type { Probe, Standing } from "./state.ts";
import { pinned, share, unitsOf, used } from "./units.ts";
import { watchable, watched, watchedUnits } from "./watch.ts";

function probes(country: string, asn: number | null, ...standings: Standing[]): Probe[] {
  return standings.map((standing, i) => ({ id: i, lat: 0, lon: 0, country, asn, standing, since: 1000, heard: true }));
}

const all = [
  ...probes("NL", 1, "connected", "connected", "connected", "connected", "disconnected", "unused", "unknown"),
  ...probes("DE", 2, "connected", "connected", "connected", "connected", "connected", "connected"),
  ...probes("UG", 3, "connected", "disconnected"),
  ...probes("", null, "connected", "connected", "connected", "connected", "connected"),
];

test("units are those with five probes in use, what lost the most first", () => {
  const { units, rest, folded } = unitsOf(all, "country", 1500);
  expect(units.map(({ name }) => name)).toEqual(["NL", "DE"]);
  expect(units[0]).toEqual({ name: "NL", connected: 4, disconnected: 1, lost: 1, unknown: 1, unused: 1 });
  expect(units.map(share)).toEqual([0.8, 1]);
  expect(folded).toBe(2);
  expect(used(rest)).toBe(7);
});

test("what is watched stands first, in the order of the list", () => {
  const { units } = unitsOf(all, "country", 1500);
  expect(pinned(units, ["FR", "DE"]).map(({ name }) => name)).toEqual(["DE", "NL"]);
});

test("networks are units too", () => {
  expect(unitsOf(all, "asn", 1e6).units.map(({ name, lost }) => [name, lost])).toEqual([
    ["AS2", 0],
    ["AS1", 0],
  ]);
});

test("watched units are counted in the order of the list, also those without a probe", () => {
  expect(watched(all, ["AS3", "NL", "FR"], 1500).map(({ name, connected, disconnected }) => [name, connected, disconnected])).toEqual([
    ["AS3", 1, 1],
    ["NL", 4, 1],
    ["FR", 0, 0],
  ]);
});

test("what can be watched is a country or a network", () => {
  expect(["nl", " AS3320 ", "3320", "K", "AS0", "Netherlands", "<b>"].map(watchable)).toEqual([
    "NL",
    "AS3320",
    "AS3320",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(watchedUnits(["K", "NL", "nl", "AS1"])).toEqual(["NL", "AS1"]);
});
