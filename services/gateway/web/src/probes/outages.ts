import type { Outage } from "../api/types.ts";
import { emptyLink, type Link } from "../link/link.ts";

/** So many outages a page keeps. */
export const mostOutages = 500;

export function isOn({ state }: Outage): boolean {
  return state === "on" || state === "provisional";
}

/** Outages have an ID for as long as the log lives; with its start they have one for longer. */
export function keyOf({ id, start }: Outage): string {
  return `${id}.${Math.floor(start)}`;
}

/** merge takes revisions of outages: the newest of each holds. Beyond the bound, the oldest are let go. */
export function merge(known: readonly Outage[], revised: readonly Outage[]): Outage[] {
  const byID = new Map(known.map((outage) => [outage.id, outage]));
  for (const outage of revised) {
    const former = byID.get(outage.id);
    if (!former || former.revision <= outage.revision) byID.set(outage.id, outage);
  }
  return [...byID.values()].sort((a, b) => b.start - a.start || b.id - a.id).slice(0, mostOutages);
}

/** asOf gives the outages as they were at a time: those that had begun, and who was back by then. It does not know what was not yet found then. */
export function asOf(outages: readonly Outage[], now: number): Outage[] {
  return outages.filter(({ start, state }) => start <= now && state !== "withdrawn").map((outage) => oneAsOf(outage, now));
}

function oneAsOf(outage: Outage, now: number): Outage {
  const until = (time: number | null) => (time !== null && time <= now ? time : null);
  const end = until(outage.end);
  const isOver = end !== null || (outage.state === "lost" && now - outage.start >= 86_400);
  return {
    ...outage,
    end,
    recovered50: until(outage.recovered50),
    recovered90: until(outage.recovered90),
    state: isOver ? outage.state : "on",
    flap: outage.flap && end !== null,
    probes: outage.probes.filter(({ down }) => down <= now).map((probe) => ({ ...probe, back: until(probe.back) })),
  };
}

const sideBySide = 6; // subscriptions that Explore has
const mostReplayed = 50;
const before = 300; // seconds
const after = 900; // as results may come that late

/** resultsOf leads to results of probes that an outage took, of as many of them as it says: as they come while it is on, else those of its time. */
export function resultsOf({ start, end, probes }: Outage, now: number): { link: Link; probes: number } {
  const msm = 1001; // a ping to K-root, which all probes do
  const ids = probes.slice(0, end === null ? sideBySide : mostReplayed).map(({ id }) => id);
  const live = { ...emptyLink("explore"), sub: ids.map((prb) => ({ msm, prb })) };
  const past = {
    ...emptyLink("replay"),
    sub: [{ msm, equalsTo: { prb_id: ids } }],
    from: start - before,
    to: Math.min((end ?? 0) + after, Math.max(end ?? 0, now)),
  };
  return { link: end === null ? live : { ...past, t: start - before }, probes: ids.length };
}

export function lengthOf({ start, end }: Outage, now: number): number {
  return Math.max(0, (end ?? now) - start);
}

/** severity is what an outage took: probes × minutes. */
export function severity(outage: Outage, now: number): number {
  return (outage.lost * lengthOf(outage, now)) / 60;
}

/** The probes that are away in outages that are on. */
export function awayIn(outages: readonly Outage[]): ReadonlySet<number> {
  return new Set(outages.filter(isOn).flatMap(({ probes }) => probes.filter(({ back }) => back === null).map(({ id }) => id)));
}

export type Column = "what" | "start" | "lasts" | "lost" | "severity" | "kind" | "score";

export interface Order {
  readonly by: Column | "urgency";
  readonly down: boolean;
}

/** What is on comes first, then what is over, the newest first; then flaps; and last what turned out to be none. */
export const byUrgency: Order = { by: "urgency", down: false };

function rank({ state, flap }: Outage): number {
  if (state === "withdrawn") return 3;
  if (state === "on" || state === "provisional") return 0;
  return flap ? 2 : 1;
}

export function sorted(outages: readonly Outage[], { by, down }: Order, now: number, what: (outage: Outage) => string): Outage[] {
  const compare: Record<Order["by"], (a: Outage, b: Outage) => number> = {
    urgency: (a, b) => rank(a) - rank(b) || b.start - a.start,
    what: (a, b) => what(a).localeCompare(what(b)),
    start: (a, b) => a.start - b.start,
    lasts: (a, b) => lengthOf(a, now) - lengthOf(b, now),
    lost: (a, b) => a.lost - b.lost,
    severity: (a, b) => severity(a, now) - severity(b, now),
    kind: (a, b) => a.kind.localeCompare(b.kind),
    score: (a, b) => a.score - b.score,
  };
  const sign = down ? -1 : 1;
  return outages.toSorted((a, b) => sign * compare[by](a, b) || b.start - a.start || b.id - a.id);
}
