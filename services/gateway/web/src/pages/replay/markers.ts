import type { Outages } from "../../api/types.ts";
import type { Burst } from "../../instances/explain.ts";
import type { GapChange } from "../../instances/gaps.ts";
import { burstWords } from "../../instances/words.ts";
import { formatDuration } from "../../time/format.ts";

/** An instant that is worth going to. */
export interface Marker {
  time: number; // Unix seconds
  what: string;
}

const kinds = { outage: "outage", controller: "trouble of a controller", platform: "trouble of the platform" } as const;

/** One for the start of each outage that the interval has. */
export function outageMarkers({ outages }: Outages): Marker[] {
  return outages
    .filter(({ state }) => state !== "withdrawn")
    .map(({ kind, start, end, lost, of, units }) => {
      const where = units
        .map(({ name }) => name)
        .slice(0, 3)
        .join(", ");
      const length = end === null ? "" : `, ${formatDuration(end - start)}`;
      return { time: start, what: `${kinds[kind]} ${where}: ${lost} of ${of} probes${length}` };
    });
}

const apart = 24; // px between two markers, so that each can be pressed

/** Markers that have no room beside each other in one, at the first of them. `placeOf` is where a time is, in px. */
export function bundled(markers: readonly Marker[], placeOf: (time: number) => number): Marker[] {
  const bundles: Marker[][] = [];
  for (const marker of markers.toSorted((a, b) => a.time - b.time)) {
    const first = bundles.at(-1)?.[0];
    if (first && placeOf(marker.time) - placeOf(first.time) < apart) bundles.at(-1)?.push(marker);
    else bundles.push([marker]);
  }
  return bundles.flatMap(([first, ...others]) => (first ? { time: first.time, what: wordsOf(first, others) } : []));
}

function wordsOf({ what }: Marker, others: readonly Marker[]): string {
  return others.length === 0 ? what : `${what}; and ${others.length} more close by`;
}

export interface MoveMarker extends Marker {
  key: string; // what it is about, which is the same when it is found again, or has grown
}

/** One for each burst of moves, and for each change over a gap. */
export function moveMarkers(bursts: readonly Burst[], gaps: readonly GapChange[]): MoveMarker[] {
  return [
    ...bursts.map((burst) => moveMarker("moves", burst.shares[0]?.site, burst.start, burstWords(burst))),
    ...gaps.map(({ from, firstAgain, moves }) =>
      moveMarker("change over a gap", from, firstAgain, `${moves.length} ${moves.length === 1 ? "probe" : "probes"} left ${from}`),
    ),
  ];
}

function moveMarker(kind: string, site: string | undefined, time: number, words: string): MoveMarker {
  return { key: [kind, site, time].join(), time, what: `${kind}: ${words}` };
}

const mostMarkers = 200;

/** What has been found now, beside what had been found before one went back and has not come again. */
export function withThoseBefore(before: readonly MoveMarker[], found: readonly MoveMarker[]): MoveMarker[] {
  const again = new Set(found.map(({ key }) => key));
  return [...before.filter(({ key }) => !again.has(key)), ...found].slice(-mostMarkers);
}

/** The nearest marker before or after a time. `slack` seconds of the time itself count as there. */
export function neighbour(markers: readonly Marker[], time: number, way: 1 | -1, slack = 1): Marker | undefined {
  const there = markers.filter((marker) => (marker.time - time) * way > slack);
  return there.sort((a, b) => (a.time - b.time) * way)[0];
}
