import type { Catchments } from "../../instances/catchments.ts";
import type { Move } from "../../instances/moves.ts";
import type { Row } from "../../instances/rows.ts";
import type { Arc, Disc } from "../../map/scene.ts";
import { cut } from "../../stream/value.ts";
import { moved, rttSteps, stepOf, type SiteColours } from "./colours.ts";

// What lies over the probes on the map: sites, and moves between them.

const longestLabel = 12;
const least = 4; // px, a disc's radius
const [few, many] = [22, 12]; // px, that of the largest one of ten sites, and of fifty

/** A site's disc is as large as it had results in the last bucket, filled by how long they took, and has the colour of the site around it. */
export function discsOf(rows: readonly Row[], colours: SiteColours): Disc[] {
  const shown = rows.filter(({ site, recent }) => site.point !== null && recent > 0);
  const largest = Math.max(1, ...shown.map(({ recent }) => recent));
  const most = few + (many - few) * Math.min(1, Math.max(0, (shown.length - 10) / 40));
  return shown.flatMap(({ site, recent, recentRtt }) => {
    if (!site.point) return [];
    const radius = least + (most - least) * Math.sqrt(recent / largest);
    const [colour, outline] = [stepOf(recentRtt, rttSteps), colours.of(site.code)];
    return [
      { key: site.code, ...site.point, radius, colour, outline, hollow: site.origin === "estimated", label: cut(site.code, longestLabel) },
    ];
  });
}

const mostArcs = 20;

/** Moves are bundled by where they come from and go to, the largest bundles only. */
export function arcsOf(moves: readonly Move[], { sites }: Catchments): Arc[] {
  const bundles = new Map<string, { move: Move; count: number }>();
  for (const move of moves) {
    const bundle = bundles.get(`${move.from} ${move.to}`);
    if (bundle) bundle.count++;
    else bundles.set(`${move.from} ${move.to}`, { move, count: 1 });
  }
  const largest = [...bundles.values()].sort((a, b) => b.count - a.count).slice(0, mostArcs);
  return largest.flatMap(({ move, count }) => {
    const [from, to] = [sites.get(move.from)?.point, sites.get(move.to)?.point];
    return from && to ? [{ from, to, width: Math.min(6, 1 + Math.log2(count)), colour: moved }] : [];
  });
}
