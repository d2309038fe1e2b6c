import { addTo, noCount, type Count, type Probe } from "./state.ts";

export type Grouping = "country" | "asn";

/** Unit is the probes of a country or of a network. */
export interface Unit extends Count {
  readonly name: string;
}

/** Units with fewer probes say little of themselves. */
export const fewest = 5;

export interface Units {
  /** Those with enough probes in use: what lost the most within the hour first, then the largest. */
  readonly units: readonly Unit[];
  /** The others together, and how many they are. */
  readonly rest: Unit;
  readonly folded: number;
}

export function unitName(probe: Probe, by: Grouping): string {
  if (by === "country") return probe.country || "unknown";
  return probe.asn === null ? "unknown" : `AS${probe.asn}`;
}

/** used is how many probes of a unit could be connected, as far as is known. */
export function used({ connected, disconnected }: Count): number {
  return connected + disconnected;
}

/** share of the probes in use that are connected, from 0 to 1. */
export function share(count: Count): number {
  return used(count) === 0 ? 0 : count.connected / used(count);
}

export function unitsOf(probes: Iterable<Probe>, by: Grouping, now: number): Units {
  const all = allUnits(probes, by, now);
  const units = all.filter((unit) => used(unit) >= fewest && unit.name !== "unknown");
  const small = all.filter((unit) => !units.includes(unit));
  const rest = { name: "others", ...noCount() };
  for (const unit of small) add(rest, unit);
  return { units: units.sort((a, b) => b.lost - a.lost || used(b) - used(a) || a.name.localeCompare(b.name)), rest, folded: small.length };
}

/** pinned puts the units that are watched before the others, in the order of the watch list. */
export function pinned(units: readonly Unit[], watch: readonly string[]): readonly Unit[] {
  const first = watch.flatMap((name) => units.find((unit) => unit.name === name) ?? []);
  return [...first, ...units.filter((unit) => !first.includes(unit))];
}

function allUnits(probes: Iterable<Probe>, by: Grouping, now: number): Unit[] {
  const units = new Map<string, Unit>();
  for (const probe of probes) {
    const name = unitName(probe, by);
    const unit = units.get(name) ?? { name, ...noCount() };
    units.set(name, unit);
    addTo(unit, probe, now);
  }
  return [...units.values()];
}

function add(to: Count, { connected, disconnected, lost, unknown, unused }: Count): void {
  to.connected += connected;
  to.disconnected += disconnected;
  to.lost += lost;
  to.unknown += unknown;
  to.unused += unused;
}
