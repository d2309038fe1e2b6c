import type { Connections } from "../api/types.ts";
import type { ConnectionEvent } from "./state.ts";

const minute = 60;
const day = 86_400;

/** What happened in a minute: at is its beginning; null is what is not known. */
export interface Minute {
  readonly at: number;
  readonly connects: number | null;
  readonly disconnects: number | null;
  readonly connected: number | null; // at its end
}

interface Counts {
  connects: number;
  disconnects: number;
}

/** Activity counts connections and disconnections by the minute, for a day: those that were heard, and those that /api/connections tells of before. */
export class Activity {
  readonly #minutes = new Map<number, Counts>();
  #told: Connections | undefined;
  /** From when on events were heard here. */
  since: number;

  constructor(since: number) {
    this.since = since;
  }

  take(events: readonly ConnectionEvent[], now: number): void {
    for (const { time, standing } of events) {
      if (time <= now - day || time > now + minute) continue;
      const at = Math.floor(time / minute) * minute;
      const counts = this.#minutes.get(at) ?? { connects: 0, disconnects: 0 };
      counts[standing === "connected" ? "connects" : "disconnects"]++;
      this.#minutes.set(at, counts);
    }
    for (const at of this.#minutes.keys()) if (at < now - day - minute) this.#minutes.delete(at);
  }

  /** tell takes what /api/connections says, by the minute. */
  tell(connections: Connections): void {
    if (connections.step === minute) this.#told = connections;
  }

  /** minutes up to now, the oldest first. What was heard here and what was told are counts of the same, and neither may have all: the greater holds. */
  minutes(now: number, connected: number, length = day): Minute[] {
    const last = Math.floor(now / minute) * minute;
    const first = last - length + minute;
    return Array.from({ length: length / minute }, (_, i) => this.#minute(first + i * minute, last, connected));
  }

  #minute(at: number, last: number, connected: number): Minute {
    const told = this.#toldOf(at);
    const heard = at + minute > this.since ? (this.#minutes.get(at) ?? { connects: 0, disconnects: 0 }) : undefined;
    return {
      at,
      connects: greater(told?.connects, heard?.connects),
      disconnects: greater(told?.disconnects, heard?.disconnects),
      connected: at === last ? connected : (told?.connected ?? null),
    };
  }

  #toldOf(at: number) {
    const told = this.#told;
    if (!told || at < told.from || at >= told.to) return undefined;
    const i = (at - told.from) / minute;
    const { connects, disconnects, connected } = told.world;
    return { connects: connects[i] ?? null, disconnects: disconnects[i] ?? null, connected: connected[i] ?? null };
  }
}

function greater(a: number | null | undefined, b: number | null | undefined): number | null {
  if (a == null) return b ?? null;
  return b == null ? a : Math.max(a, b);
}

export interface LastHour {
  readonly connects: number;
  readonly disconnects: number;
  /** From when on that is known. */
  readonly since: number;
  readonly isWhole: boolean;
}

/** What came and went in the last hour. `heard`: from when on events were heard; of that minute no more is known. */
export function lastHour(minutes: readonly Minute[], heard: number): LastHour {
  const hour = minutes.slice(-60);
  const known = hour.filter(({ disconnects }) => disconnects !== null);
  const first = known[0]?.at;
  const sum = (of: "connects" | "disconnects") => known.reduce((sum, one) => sum + (one[of] ?? 0), 0);
  return {
    connects: sum("connects"),
    disconnects: sum("disconnects"),
    since: first !== undefined && (heard < first || heard >= first + minute) ? first : heard,
    isWhole: known.length === hour.length,
  };
}

/** An hour of the day, for who reads a table instead of a chart. */
export interface Hour {
  readonly at: number;
  readonly connects: number | null;
  readonly disconnects: number | null;
  readonly connected: number | null;
}

export function hours(minutes: readonly Minute[]): Hour[] {
  const byHour = new Map<number, Minute[]>();
  for (const minute of minutes) {
    const at = Math.floor(minute.at / 3600) * 3600;
    byHour.set(at, [...(byHour.get(at) ?? []), minute]);
  }
  return [...byHour].map(([at, all]) => ({
    at,
    connects: total(all.map(({ connects }) => connects)),
    disconnects: total(all.map(({ disconnects }) => disconnects)),
    connected: all.findLast(({ connected }) => connected !== null)?.connected ?? null,
  }));
}

function total(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** The minute with the most disconnections. */
export function busiest(minutes: readonly Minute[]): Minute | undefined {
  return minutes.reduce<Minute | undefined>((most, one) => ((one.disconnects ?? 0) > (most?.disconnects ?? 0) ? one : most), undefined);
}
