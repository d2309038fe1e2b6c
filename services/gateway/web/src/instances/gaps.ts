import type { Move } from "./moves.ts";

/** GapChange is what became of the vantages of a site while nobody saw them: where those that left it are seen again. */
export interface GapChange {
  readonly from: string;
  lastSeen: number; // there
  readonly firstAgain: number; // elsewhere
  lastAgain: number;
  readonly moves: Move[];
}

const bundled = 2; // intervals

/** gapChanges bundles changes over gaps by the site that was left, if the vantages are seen again within two intervals. */
export function gapChanges(moves: readonly Move[], interval: number): GapChange[] {
  const bundles: GapChange[] = [];
  for (const move of moves.filter(({ kind }) => kind === "gap").toSorted((a, b) => a.at - b.at)) {
    const open = bundles.findLast(({ from, firstAgain }) => from === move.from && move.at - firstAgain <= bundled * interval);
    if (open) add(open, move);
    else bundles.push({ from: move.from, lastSeen: move.before, firstAgain: move.at, lastAgain: move.at, moves: [move] });
  }
  return bundles;
}

function add(bundle: GapChange, move: Move): void {
  bundle.lastAgain = move.at;
  bundle.moves.push(move);
  bundle.lastSeen = Math.max(bundle.lastSeen, move.before);
}

/** flows counts moves by where they lead, the most first. */
export function flows(moves: readonly Pick<Move, "to">[]): { to: string; moves: number }[] {
  const counts = new Map<string, number>();
  for (const { to } of moves) counts.set(to, (counts.get(to) ?? 0) + 1);
  return [...counts].map(([to, count]) => ({ to, moves: count })).sort((a, b) => b.moves - a.moves || (a.to < b.to ? -1 : 1));
}
