import { Background } from "./background.ts";
import { explain, type Burst, type Episode } from "./explain.ts";
import type { Move } from "./moves.ts";
import { isAlarm, scan } from "./scan.ts";
import { key, type Unit } from "./unit.ts";

const mostBursts = 500;
const mostEvents = 600; // of a unit
const mostScanned = 300;
const mostReturns = 10; // of a vantage
const mostAwaited = 20; // bursts whose vantages may still come back

/** Exposed is how many vantages were at the two sites of a move, right before it. */
export interface Exposed {
  readonly from: number;
  readonly to: number;
}

/**
 * Bursts finds the moves that many vantages made at once, as happens where a site is withdrawn or announced otherwise. It reads moves in about the order of their time, and
 * no clock: the same moves give the same bursts.
 *
 * Each site is two units: what leaves it, and what comes to it. The first unit whose moves are an alarm opens an episode, which collects moves until nothing of it has grown
 * for an interval. What explains most of them, a site that was left or one that was gone to, is then the burst.
 */
export class Bursts {
  readonly #interval: number;
  readonly #units = new Map<string, Unit>();
  readonly #past: Burst[] = [];
  readonly #returns = new Map<string, Move[]>(); // by vantage
  #episode: Episode | null = null;
  #provisional: Burst[] | null = null; // what explains the episode, until it grows

  /** The interval is that of the measurement, in seconds. */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** expose tells that a vantage was at a site for so many seconds before a time. */
  expose(site: string, time: number, seconds: number): void {
    this.#unit("from", site).background.expose(time, seconds);
    this.#unit("to", site).background.expose(time, seconds);
  }

  /** take a move. One that has returned over a long silence says only that the vantage is back. */
  take(move: Move, exposed: Exposed): void {
    if (this.#isReturn(move) || move.kind !== "move") return;
    for (const side of ["from", "to"] as const) {
      const unit = this.#unit(side, move[side]);
      unit.background.count(move.at, 1);
      const at = insert(unit, { time: move.at, member: move.vantage, exposed: Math.max(1, exposed[side]), move });
      this.#look(unit, at);
    }
  }

  /** forget what a vantage did, as it turns out to move all the time. What a past burst says stays. */
  forget(vantage: string): void {
    for (const unit of this.#units.values()) remove(unit, ({ member }) => member === vantage);
    this.#provisional = null;
  }

  /** advance to a time that nothing new will be older than: an episode ends in which nothing has come for an interval. */
  advance(time: number): void {
    const episode = this.#episode;
    if (!episode || time <= Math.min(episode.grown + this.#interval, episode.start + 4 * this.#interval)) return;
    for (const burst of this.#now()) this.#end(burst);
    this.#episode = null;
    this.#provisional = null;
  }

  /** list has the bursts in the order of their start, with those that may still grow at the end. */
  get list(): readonly Burst[] {
    return [...this.#past, ...this.#now()].map((burst) => ({ ...burst, back: this.#backOf(burst) }));
  }

  #look(unit: Unit, from: number): void {
    const rate = unit.background.rate(this.#episode?.start ?? unit.events[from]?.time ?? 0);
    for (let at = from; at < unit.events.length; at++) {
      const window = scan(unit.events, at, rate, { seconds: 2 * this.#interval, events: mostScanned });
      const time = unit.events[at]?.time ?? 0;
      if (isAlarm(window)) this.#alarm(unit, unit.events[window.first]?.time ?? time, time, rate);
      else if (this.#episode?.units.has(unit)) this.#grow(time);
    }
  }

  #alarm(unit: Unit, start: number, time: number, rate: number): void {
    this.#episode ??= { start, grown: time, units: new Map() };
    const known = this.#episode.units.get(unit);
    this.#episode.units.set(unit, { since: Math.min(start, known?.since ?? start), rate });
    this.#episode.start = Math.min(this.#episode.start, start);
    this.#grow(time);
  }

  #grow(time: number): void {
    if (this.#episode) this.#episode.grown = Math.max(this.#episode.grown, time);
    this.#provisional = null;
  }

  #now(): readonly Burst[] {
    if (!this.#episode) return [];
    this.#provisional ??= explain(this.#episode, this.#interval);
    return this.#provisional;
  }

  /** What a burst explains is no part of another one, and says nothing of how often vantages move as a rule. */
  #end(burst: Burst): void {
    this.#past.push({ ...burst, over: true });
    if (this.#past.length > mostBursts) this.#past.shift();
    const explained = new Set(burst.moves);
    for (const unit of this.#units.values()) {
      for (const { time } of remove(unit, ({ move }) => explained.has(move))) unit.background.count(time, -1);
    }
  }

  /** A move back of a vantage that a burst took away belongs to that burst, and is none of another. */
  #isReturn(move: Move): boolean {
    if (!move.back) return false;
    const taken = this.#bursts().some(({ moves }) => moves.some((one) => one.vantage === move.vantage && one.from === move.to));
    if (taken) this.#returns.set(move.vantage, [...(this.#returns.get(move.vantage) ?? []), move].slice(-mostReturns));
    return taken;
  }

  #bursts(): readonly Burst[] {
    return [...this.#past.slice(-mostAwaited), ...this.#now()];
  }

  #backOf(burst: Burst): Move[] {
    const backs = burst.moves.map((move) => this.#returns.get(move.vantage)?.find((back) => back.to === move.from && back.at > move.at));
    return backs.filter((back) => back !== undefined).sort((a, b) => a.at - b.at);
  }

  #unit(side: Unit["side"], site: string): Unit {
    let unit = this.#units.get(key(side, site));
    if (!unit) {
      unit = { side, site, events: [], background: new Background() };
      this.#units.set(key(side, site), unit);
    }
    return unit;
  }
}

/** insert puts an event in its place by time, and lets the oldest go. */
function insert(unit: Unit, event: Unit["events"][number]): number {
  const at = unit.events.findLastIndex(({ time }) => time <= event.time) + 1;
  unit.events.splice(at, 0, event);
  if (unit.events.length <= mostEvents) return at;
  unit.events.shift();
  return Math.max(0, at - 1);
}

/** remove events from a unit; those that are removed come back. */
function remove(unit: Unit, isRemoved: (event: Unit["events"][number]) => boolean): Unit["events"] {
  const removed = unit.events.filter(isRemoved);
  if (removed.length > 0) unit.events.splice(0, unit.events.length, ...unit.events.filter((event) => !isRemoved(event)));
  return removed;
}
