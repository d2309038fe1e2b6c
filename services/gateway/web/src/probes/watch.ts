import type { Outage } from "../api/types.ts";
import { addTo, noCount, type Probe } from "./state.ts";
import type { Unit } from "./units.ts";

const country = /^[A-Z]{2}$/;
const network = /^AS[1-9]\d{0,9}$/;

/** watchable gives a typed name of a country or a network as it is written in links: NL, AS3320. */
export function watchable(typed: string): string | undefined {
  const name = typed
    .trim()
    .toUpperCase()
    .replace(/^(\d+)$/, "AS$1");
  return country.test(name) || network.test(name) ? name : undefined;
}

/** What of a watch list this page can watch; letters of root servers are for other pages. */
export function watchedUnits(watch: readonly string[]): string[] {
  return [...new Set(watch.flatMap((name) => watchable(name) ?? []))];
}

/** keepingOthers adds to a change of what is watched the names in the list that are for other pages: it must not take them away. */
export function keepingOthers<C extends object>(changes: C & { watch?: string[] }, list: readonly string[]): C & { watch?: string[] } {
  if (!changes.watch) return changes;
  return { ...changes, watch: [...list.filter((name) => watchable(name) === undefined), ...changes.watch] };
}

/** watched counts the probes of each unit that is watched, in their order. */
export function watched(probes: Iterable<Probe>, names: readonly string[], now: number): Unit[] {
  const units = new Map(names.map((name) => [name, { name, ...noCount() }]));
  if (units.size === 0) return [];
  for (const probe of probes) {
    for (const unit of [units.get(probe.country), units.get(`AS${probe.asn}`)]) if (unit) addTo(unit, probe, now);
  }
  return [...units.values()];
}

/** watchStates says of each unit that is watched how many probes outages have taken from it; null is not known. */
export function watchStates(watch: readonly string[], on: readonly Outage[] | undefined): { name: string; lost: number | null }[] {
  return watchedUnits(watch).map((name) => ({ name, lost: on ? Math.max(0, ...on.map((outage) => lostOf(outage, name))) : null }));
}

function lostOf({ units, countries, asns }: Outage, name: string): number {
  return Math.max(0, ...[...units, ...countries, ...asns].filter((unit) => unit.name === name).map(({ lost }) => lost));
}

/** hits tells whether an outage took probes of a unit that is watched. */
export function hits({ units, countries, asns }: Outage, names: readonly string[]): boolean {
  return [...units, ...countries, ...asns].some(({ name }) => names.includes(name));
}
