import type { Catchments } from "../../instances/catchments.ts";
import type { Move } from "../../instances/moves.ts";
import type { Row } from "../../instances/rows.ts";
import type { Arc, Disc } from "../../map/scene.ts";
import { palette, rttSteps, stepOf, type SiteColours } from "./colours.ts";

// What lies over the probes on the map: sites, and moves between them.

const [least, most] = [5, 22]; // px, a disc's radius

/** A site's disc is as large as it had results in the last bucket, filled by how long they took, and has the colour of the site around it. */
export function discsOf(rows: readonly Row[], colours: SiteColours): Disc[] {
  const largest = Math.max(1, ...rows.map(({ recent }) => recent));
  return rows.flatMap(({ site, recent, recentRtt }) => {
    if (!site.point || recent === 0) return [];
    const radius = least + (most - least) * Math.sqrt(recent / largest);
    const colour = palette[stepOf(recentRtt, rttSteps)] ?? "";
    return [
      {
        key: site.code,
        ...site.point,
        radius,
        colour,
        outline: colours.css(site.code),
        hollow: site.origin === "estimated",
        label: site.code,
      },
    ];
  });
}

const mostArcs = 20;

/** Moves are bundled by where they come from and go to, the largest bundles only. */
export function arcsOf(moves: readonly Move[], { sites }: Catchments, colour: string): Arc[] {
  const bundles = new Map<string, { move: Move; count: number }>();
  for (const move of moves) {
    const bundle = bundles.get(`${move.from} ${move.to}`);
    if (bundle) bundle.count++;
    else bundles.set(`${move.from} ${move.to}`, { move, count: 1 });
  }
  const largest = [...bundles.values()].sort((a, b) => b.count - a.count).slice(0, mostArcs);
  return largest.flatMap(({ move, count }) => {
    const [from, to] = [sites.get(move.from)?.point, sites.get(move.to)?.point];
    return from && to ? [{ from, to, width: Math.min(6, 1 + Math.log2(count)), colour }] : [];
  });
}
