import type { Move } from "./moves.ts";
import { poissonScore } from "./poisson.ts";
import { leastMembers, leastScore } from "./scan.ts";
import type { Unit } from "./unit.ts";

/** Episode is a time in which more moves than usual are looked at together. */
export interface Episode {
  start: number;
  grown: number; // the time of its last move
  /** The units that were an alarm: since when, and how often their members move as a rule. */
  readonly units: Map<Unit, { readonly since: number; readonly rate: number }>;
}

/** Share is what of a burst one site explains. */
export interface Share {
  readonly side: Unit["side"];
  readonly site: string;
  readonly start: number;
  readonly moved: number;
  readonly of: number; // vantages at the site when it began
  readonly expected: number;
  readonly score: number;
}

export interface Burst {
  readonly start: number;
  readonly last: number; // the time of its last move
  readonly over: boolean; // or it may still grow
  readonly shares: readonly Share[];
  readonly moves: readonly Move[];
  /** Those that have moved back since, in the order of time. */
  readonly back: readonly Move[];
}

type Part = Share & { readonly moves: Move[] };

/**
 * explain tells which sites explain the moves of an episode: again and again the unit with the most of what is left, beyond what is usual. So a site that has lost its probes to five others is
 * one share, not six. Shares that begin within an interval of each other are one burst.
 */
export function explain(episode: Episode, interval: number): Burst[] {
  const explained = new Set<Move>();
  const parts: Part[] = [];
  for (;;) {
    const best = bestOf(episode, (move) => !explained.has(move));
    if (!best) break;
    parts.push(best);
    for (const move of best.moves) explained.add(move);
  }
  return together(parts, interval);
}

function bestOf(episode: Episode, isLeft: (move: Move) => boolean): Part | null {
  let best: Part | null = null;
  for (const [unit, { since, rate }] of episode.units) {
    const part = partOf(unit, since, rate, isLeft);
    if (!part || part.moved < leastMembers || part.score < leastScore) continue;
    if (!best || explainsMore(part, best)) best = part;
  }
  return best;
}

/** What went from one site to one other is told of the site that was left. */
function explainsMore(a: Part, b: Part): boolean {
  if (a.moved !== b.moved) return a.moved - a.expected > b.moved - b.expected;
  return a.side === "from" && b.side === "to";
}

function partOf(unit: Unit, since: number, rate: number, isLeft: (move: Move) => boolean): Part | null {
  const events = unit.events.filter(({ time, move }) => time >= since && isLeft(move));
  const first = events[0];
  const last = events.at(-1);
  if (!first || !last) return null;
  const moved = new Set(events.map(({ member }) => member)).size;
  const expected = rate * first.exposed * (last.time - first.time + 1);
  return {
    ...{ side: unit.side, site: unit.site, start: first.time, moved, of: Math.max(first.exposed, moved), expected },
    ...{ score: poissonScore(moved, expected), moves: events.map(({ move }) => move) },
  };
}

function together(parts: readonly Part[], interval: number): Burst[] {
  const groups: Part[][] = [];
  for (const part of parts.toSorted((a, b) => a.start - b.start)) {
    const group = groups.at(-1);
    if (group && part.start - (group[0]?.start ?? 0) <= interval) group.push(part);
    else groups.push([part]);
  }
  return groups.map(burstOf);
}

function burstOf(parts: Part[]): Burst {
  const moves = parts.flatMap(({ moves }) => moves).sort((a, b) => a.at - b.at);
  const shares = parts.map(shareOf).sort((a, b) => b.moved - a.moved);
  return { start: moves[0]?.at ?? 0, last: moves.at(-1)?.at ?? 0, over: false, shares, moves, back: [] };
}

function shareOf({ side, site, start, moved, of, expected, score }: Part): Share {
  return { side, site, start, moved, of, expected, score };
}
