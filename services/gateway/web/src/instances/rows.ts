import { silentAfter } from "../stream/silence.ts";
import type { Catchments, Instance } from "./catchments.ts";
import { medianOf, type Recent } from "./recent.ts";
import type { Site } from "./sites.ts";
import type { Track } from "./track.ts";

/** Row is what there is to say of a site, or of one instance. */
export interface Row {
  readonly key: string;
  readonly site: Site;
  readonly probes: number; // that it answered last, of those that have been heard of lately
  readonly silent: number; // of the others
  readonly gained: number; // since a time
  readonly lost: number;
  readonly results: number;
  readonly rtt: number; // median of all, or of the last some thousands
  readonly recent: number; // results of the last bucket
  readonly recentRtt: number;
  readonly failures: number; // of the probes that it had answered before; only of sites
}

export interface When {
  readonly now: number;
  readonly bucket: number; // seconds
  /** From when on moves count. */
  readonly since: number;
}

/** siteRows has a row for each site, the one with the most probes first. */
export function siteRows(catchments: Catchments, when: When): Row[] {
  const instances = bySite(catchments);
  const probes = countBy(catchments, when, ({ site }) => site);
  const moves = movesOf(catchments, when);
  const sites = [...probes.keys()].map((code) => catchments.sites.get(code)).filter((site) => site !== undefined);
  const all = new Set([...instances.keys(), ...sites]);
  const rows = [...all].map((site) => ({
    ...{ key: site.code, site, ...(probes.get(site.code) ?? none), ...(moves.get(site.code) ?? unmoved) },
    ...answersOf(instances.get(site) ?? [], when),
    failures: catchments.failures.get(site.code)?.all ?? 0,
  }));
  return rows.sort(byProbes);
}

/** instanceRows has a row for each name that has answered. Moves and failures are of sites. */
export function instanceRows(catchments: Catchments, when: When): Row[] {
  const probes = countBy(catchments, when, ({ name }) => name);
  const rows = [...catchments.instances.values()].map((instance) => ({
    ...{ key: instance.name, site: instance.site, ...(probes.get(instance.name) ?? none), ...unmoved },
    ...answersOf([instance], when),
    failures: 0,
  }));
  return rows.sort(byProbes);
}

const none = { probes: 0, silent: 0 };
const unmoved = { gained: 0, lost: 0 };

/** isSilent tells of a vantage whether nothing has been heard of it for a while. */
export function isSilent(track: Track, catchments: Catchments, now: number): boolean {
  const { interval } = catchments;
  return interval !== null && now - track.newest > silentAfter({ every: interval, interval });
}

function countBy(catchments: Catchments, { now }: When, key: (track: Track) => string) {
  const counts = new Map<string, { probes: number; silent: number }>();
  for (const track of catchments.tracks.values()) {
    if (track.site === "") continue;
    const count = counts.get(key(track)) ?? { ...none };
    if (isSilent(track, catchments, now)) count.silent++;
    else count.probes++;
    counts.set(key(track), count);
  }
  return counts;
}

function movesOf(catchments: Catchments, { since }: When) {
  const counts = new Map<string, { gained: number; lost: number }>();
  const of = (code: string) => {
    const count = counts.get(code) ?? { ...unmoved };
    counts.set(code, count);
    return count;
  };
  for (const { from, to, at } of catchments.moves) {
    if (at < since) continue;
    of(from).lost++;
    of(to).gained++;
  }
  return counts;
}

function bySite({ instances }: Catchments): Map<Site, Instance[]> {
  const sites = new Map<Site, Instance[]>();
  for (const instance of instances.values()) sites.set(instance.site, [...(sites.get(instance.site) ?? []), instance]);
  return sites;
}

function answersOf(instances: readonly Instance[], { now, bucket }: When) {
  const answers = instances.map((instance) => instance.answers);
  const sum = (count: (recent: Recent) => number) => answers.reduce((total, recent) => total + count(recent), 0);
  return {
    results: sum((recent) => recent.all),
    rtt: medianOf(answers),
    recent: sum((recent) => recent.since(now - bucket)),
    recentRtt: medianOf(answers, now - bucket),
  };
}

/** isSlower tells whether one round trip is longer than another by half, and by more than 20 ms. Those that are not known are not. */
export function isSlower(ms: number, than: number): boolean {
  return ms > 1.5 * than && ms - than > 20;
}

function byProbes(a: Row, b: Row): number {
  return b.probes - a.probes || b.results - a.results || (a.key < b.key ? -1 : 1);
}
