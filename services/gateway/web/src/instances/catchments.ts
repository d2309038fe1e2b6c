import type { AtlasRecord } from "../stream/record.ts";
import { Bursts, type Exposed } from "./bursts.ts";
import type { Burst } from "./explain.ts";
import { gapChanges, type GapChange } from "./gaps.ts";
import type { Point } from "./geo.ts";
import type { Witness } from "./estimate.ts";
import { IntervalEstimate } from "./interval.ts";
import { Flappers, kindOf, type Move } from "./moves.ts";
import type { Place } from "./places.ts";
import { readings, type Outcome, type Reading } from "./reading.ts";
import { Recent } from "./recent.ts";
import { Sites, type GivenPlaces, type Site } from "./sites.ts";
import { Track, type Change } from "./track.ts";
import { Watermark } from "./watermark.ts";

export interface Options {
  /** Which server of the DNS root is asked, if it is one. */
  readonly letter?: string | null;
  /** Seconds between the results of a probe, as the registry has it; else it is estimated. */
  readonly interval?: number | null;
  /** Where cities are whose codes are in the names of instances. */
  readonly places?: readonly Place[];
  /** Where sites stand, by what they call themselves. */
  readonly given?: GivenPlaces;
  /** Where probes stand. */
  readonly where?: (probe: number) => Point | undefined;
}

/** Instance is what answers under one name. */
export interface Instance {
  readonly name: string;
  readonly site: Site;
  readonly answers: Recent;
}

/** How much is kept. The page says so. */
export const bounds = { moves: 2_000, vantages: 50_000 };

/**
 * Catchments follows which site of an anycast service answers each probe. It is fed with results, live or replayed, in about the order of their time, and looks at no clock:
 * the same results give the same state.
 */
export class Catchments {
  readonly sites: Sites;
  readonly tracks = new Map<string, Track>();
  readonly #byProbe = new Map<number, Track>(); // the first of each
  readonly instances = new Map<string, Instance>();
  readonly failures = new Map<string, Recent>(); // by the code of the site that had answered before
  readonly outcomes: Record<Outcome, number> = { answered: 0, unnamed: 0, timeout: 0, servfail: 0, refused: 0, failed: 0 };
  readonly moves: Move[] = []; // the last ones, in the order in which they came
  readonly flappers = new Flappers();
  /** How many moves are no longer kept. */
  movesLetGo = 0;
  /** revision counts what has changed. */
  revision = 0;
  readonly #where: (probe: number) => Point | undefined;
  readonly #said: number | null;
  readonly #estimate = new IntervalEstimate();
  readonly #watermark = new Watermark();
  readonly #beginning = new Watermark(); // the other way round
  readonly #at = new Map<string, number>(); // vantages by site
  readonly #undecided: { change: Change; exposed: Exposed }[] = []; // while the interval is not known
  #bursts: Bursts | null = null;

  constructor({ letter = null, interval = null, places = [], given = {}, where = () => undefined }: Options = {}) {
    this.sites = new Sites(letter, places, given);
    this.#said = interval;
    this.#where = where;
  }

  /** interval is null until it is known. */
  get interval(): number | null {
    return this.#said ?? this.#estimate.value;
  }

  get intervalIsEstimated(): boolean {
    return this.#said === null;
  }

  /** time is up to when results have come. */
  get time(): number {
    return this.#watermark.time;
  }

  /** beginning is from when on results have come, but for a few that are older. */
  get beginning(): number {
    return -this.#beginning.time;
  }

  get bursts(): readonly Burst[] {
    return this.#bursts?.list ?? [];
  }

  /** gapChanges are the changes that happened while nobody looked. */
  get gapChanges(): GapChange[] {
    return this.interval === null ? [] : gapChanges(this.moves, this.interval);
  }

  /** remaining tells of the vantages that were at the site of a gap change before, and are not among those that changed: seen there again, or not at all. */
  remaining({ from, lastSeen, firstAgain }: GapChange): { stayed: number; unseen: number } {
    let stayed = 0;
    let unseen = 0;
    for (const { site, answered, runs } of this.tracks.values()) {
      if (site === from && answered <= lastSeen) unseen++;
      else if (runs.some(({ site, silence }) => site === from && silence.from <= lastSeen && silence.to >= firstAgain)) stayed++;
    }
    return { stayed, unseen };
  }

  /** take results; what comes back are the probes that are to be drawn anew. */
  take(results: Iterable<AtlasRecord>): Set<number> {
    const probes = new Set<number>();
    for (const result of results) {
      for (const reading of readings(result)) {
        this.#read(reading);
        probes.add(reading.probe);
      }
    }
    if (probes.size > 0) this.#bursts?.advance(this.#watermark.time);
    this.revision++;
    return probes;
  }

  /** recall takes results from before what is to be shown: they tell where the vantages were then, and count for nothing else. */
  recall(results: Iterable<AtlasRecord>): void {
    for (const reading of [...results].flatMap(readings)) {
      const track = this.#track(reading);
      if (!track || reading.outcome !== "answered") continue;
      const { site: before } = track;
      track.answer(reading, this.sites.of(reading.name).code);
      if (before !== track.site) this.#relocate(before, track.site);
    }
    this.revision++;
  }

  /** locate finds out where sites stand of which the names do not tell. */
  locate(): void {
    const witnesses = new Map<Site, Witness[]>();
    for (const { probe, site: code, fastest } of this.tracks.values()) {
      const site = this.sites.get(code);
      const point = this.#where(probe);
      if (!site || !point || !this.sites.isUncertain(site)) continue;
      const known = witnesses.get(site);
      if (known) known.push({ ...point, rtt: fastest });
      else witnesses.set(site, [{ ...point, rtt: fastest }]);
    }
    for (const [site, those] of witnesses) this.sites.locate(site, those);
  }

  /** probes that have been heard of, with their tracks; of one that asks several resolvers the first. */
  get probes(): ReadonlyMap<number, Track> {
    return this.#byProbe;
  }

  /** whereIs gives the place of a probe. */
  whereIs(probe: number): Point | undefined {
    return this.#where(probe);
  }

  #read(reading: Reading): void {
    const track = this.#track(reading);
    if (!track) return;
    this.outcomes[reading.outcome]++;
    this.#watermark.take(reading.time);
    this.#beginning.take(-reading.time);
    if (reading.outcome === "answered") this.#answered(track, reading);
    else this.#failed(track, reading);
  }

  #track({ vantage, probe }: Reading): Track | undefined {
    let track = this.tracks.get(vantage);
    if (!track && this.tracks.size < bounds.vantages) {
      track = new Track(vantage, probe);
      this.tracks.set(vantage, track);
      if (!this.#byProbe.has(probe)) this.#byProbe.set(probe, track);
    }
    return track;
  }

  #failed(track: Track, reading: Reading): void {
    track.fail(reading);
    let failures = this.failures.get(track.site);
    if (!failures) this.failures.set(track.site, (failures = new Recent()));
    failures.take(reading.time);
  }

  #answered(track: Track, reading: Reading): void {
    const instance = this.#instance(reading.name);
    instance.answers.take(reading.time, reading.rtt);
    const { site: before, answered } = track;
    const exposed = { from: this.#at.get(before) ?? 0, to: this.#at.get(instance.site.code) ?? 0 };
    const change = track.answer(reading, instance.site.code);
    if (before !== "") this.#expose(before, reading.time, reading.time - answered);
    if (before !== track.site) this.#relocate(before, track.site);
    if (change) this.#undecided.push({ change, exposed });
    this.#decide();
  }

  #instance(name: string): Instance {
    const site = this.sites.of(name);
    const kept = this.sites.knows(name) ? name : site.code;
    let instance = this.instances.get(kept);
    if (!instance) this.instances.set(kept, (instance = { name: kept, site, answers: new Recent() }));
    return instance;
  }

  #relocate(from: string, to: string): void {
    if (from !== "") this.#at.set(from, (this.#at.get(from) ?? 1) - 1);
    this.#at.set(to, (this.#at.get(to) ?? 0) + 1);
  }

  #expose(site: string, time: number, seconds: number): void {
    if (this.#said === null && seconds > 0) this.#estimate.take(seconds);
    const interval = this.interval;
    if (interval === null || seconds <= 0) return;
    this.#bursts ??= new Bursts(interval);
    this.#bursts.expose(site, time, Math.min(seconds, 3 * interval));
  }

  #decide(): void {
    const interval = this.interval;
    if (interval === null || this.#undecided.length === 0) return;
    this.#bursts ??= new Bursts(interval);
    for (const { change, exposed } of this.#undecided.splice(0)) {
      const move = { ...change, kind: kindOf(change, interval) };
      this.#keep(move);
      if (move.kind !== "gap") this.#move(move, exposed, this.#bursts);
    }
  }

  #move(move: Move, exposed: Exposed, bursts: Bursts): void {
    const flapped = this.flappers.is(move.vantage, move.at);
    if (!this.flappers.take(move)) bursts.take(move, exposed);
    else if (!flapped) bursts.forget(move.vantage);
  }

  #keep(move: Move): void {
    this.moves.push(move);
    if (this.moves.length <= bounds.moves) return;
    this.moves.shift();
    this.movesLetGo++;
  }
}
