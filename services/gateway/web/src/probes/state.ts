import type { Probes } from "../api/types.ts";
import { timeOf, type AtlasRecord } from "../stream/record.ts";

/** Whether a probe has a connection to its controller. `unused` are those that never had one, or were given up. */
export type Standing = "connected" | "disconnected" | "unknown" | "unused";

/** What is known of a probe. */
export interface Probe {
  readonly id: number;
  readonly lat: number; // NaN if it is not known
  readonly lon: number;
  readonly country: string; // "" if it is not known
  readonly asn: number | null;
  readonly standing: Standing;
  readonly since: number | null;
  /** An event said so, and not the registry, which may be old. */
  readonly heard: boolean;
}

/** A connection event, of a probe. */
export interface ConnectionEvent {
  readonly probe: number;
  readonly time: number; // Unix seconds
  readonly standing: "connected" | "disconnected";
  readonly asn: number | null;
}

/** eventOf reads a record of `probestatus`, which may hold anything. */
export function eventOf(record: AtlasRecord): ConnectionEvent | undefined {
  const { prb_id: probe, event, asn } = record;
  const time = timeOf(record);
  if (typeof probe !== "number" || !Number.isSafeInteger(probe) || probe < 1 || time === undefined) return undefined;
  if (event !== "connect" && event !== "disconnect") return undefined;
  return { probe, time, standing: event === "connect" ? "connected" : "disconnected", asn: isNetwork(asn) ? asn : null };
}

function isNetwork(asn: unknown): asn is number {
  return typeof asn === "number" && Number.isSafeInteger(asn) && asn > 0;
}

/** So many probes are followed at most, whatever the events say; the network has some 13,000. */
export const mostProbes = 100_000;

/** What the registry's codes mean: never connected, connected, disconnected, abandoned, written off. */
const standings: readonly Standing[] = ["unused", "connected", "disconnected", "unused", "unused"];

/**
 * States is what is known of all probes: what /api/probes says, and the events since. The newest word on a probe holds, by its own time, in whatever order they come.
 */
export class States {
  readonly #probes = new Map<number, Probe>();

  get probes(): ReadonlyMap<number, Probe> {
    return this.#probes;
  }

  /** load takes what /api/probes says. Without its states it tells no more than where probes are: those of a past that it does not know. */
  load(columns: Probes, withStates = true): void {
    columns.id.forEach((id, i) => this.#put(loaded(columns, id, i, withStates), this.#probes.get(id)));
  }

  /** take events, and give the probes of which something is new. */
  take(events: readonly ConnectionEvent[]): ReadonlySet<number> {
    const touched = new Set<number>();
    for (const event of events) if (this.#take(event)) touched.add(event.probe);
    return touched;
  }

  #take({ probe: id, time, standing, asn }: ConnectionEvent): boolean {
    const known = this.#probes.get(id);
    if (!known && this.#probes.size >= mostProbes) return false;
    if (known?.heard && known.since !== null && known.since > time) return false;
    const place = known ?? { id, lat: NaN, lon: NaN, country: "", asn: null };
    this.#probes.set(id, { ...place, asn: asn ?? place.asn, standing, since: time, heard: true });
    return true;
  }

  /** put takes what the registry says of a probe, but for a state that an event has told later. */
  #put(probe: Probe, known: Probe | undefined): void {
    const isOlder = known?.heard && known.since !== null && (!probe.heard || probe.since === null || probe.since < known.since);
    this.#probes.set(probe.id, isOlder ? { ...probe, asn: known.asn, standing: known.standing, since: known.since, heard: true } : probe);
  }
}

function loaded({ lat, lon, country, asn, status, since, event }: Probes, id: number, i: number, withStates: boolean): Probe {
  const place = { id, lat: lat[i] ?? NaN, lon: lon[i] ?? NaN, country: country[i] ?? "", asn: asn[i] ?? null };
  if (!withStates) return { ...place, standing: "unknown", since: null, heard: false };
  return { ...place, standing: standings[status[i] ?? -1] ?? "unknown", since: since[i] ?? null, heard: event[i] === 1 };
}

/** A probe is missed for so long; afterwards it is gone. */
export const lately = 3600; // seconds

/** isLost tells whether a probe has lost its connection within the hour. */
export function isLost({ standing, since }: Probe, now: number): boolean {
  return standing === "disconnected" && since !== null && now - since < lately;
}

export interface Count {
  connected: number;
  disconnected: number;
  /** Of the disconnected, those within the hour. */
  lost: number;
  unknown: number;
  unused: number;
}

export function noCount(): Count {
  return { connected: 0, disconnected: 0, lost: 0, unknown: 0, unused: 0 };
}

export function addTo(count: Count, probe: Probe, now: number): void {
  count[probe.standing]++;
  if (isLost(probe, now)) count.lost++;
}

export function countOf(probes: Iterable<Probe>, now: number): Count {
  const count = noCount();
  for (const probe of probes) addTo(count, probe, now);
  return count;
}
