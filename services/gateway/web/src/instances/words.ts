import { median } from "./median.ts";
import type { Burst, Share } from "./explain.ts";
import { flows, type GapChange } from "./gaps.ts";
import type { Move } from "./moves.ts";

// What the lists say of moves, and what one pastes into a ticket.

/** JNB lost 41 of 46 probes: 27→LHR 9→HKG 5→AMS */
export function burstWords({ shares, moves }: Burst): string {
  return shares.map((share) => shareWords(share, moves)).join("; ");
}

function shareWords({ side, site, moved, of }: Share, moves: readonly Move[]): string {
  if (side === "from") return `${site} lost ${moved} of ${of} probes: ${toWords(moves.filter(({ from }) => from === site))}`;
  return `${site} drew ${moved} probes: ${fromWords(moves.filter(({ to }) => to === site))}`;
}

/** 42 probes left JNB: 27→LHR 9→HKG 5→AMS 1→WAW; 4 of 46 were not seen again */
export function gapWords({ from, moves }: GapChange, { stayed, unseen }: { stayed: number; unseen: number }): string {
  const all = moves.length + stayed + unseen;
  const rest = [stayed > 0 ? `${stayed} stayed` : "", unseen > 0 ? `${unseen} of ${all} were not seen again` : ""].filter(Boolean);
  return [`${moves.length} ${moves.length === 1 ? "probe" : "probes"} left ${from}: ${toWords(moves)}`, ...rest].join("; ");
}

const mostFlows = 8;

function toWords(moves: readonly Move[]): string {
  return cut(flows(moves).map(({ to, moves: count }) => `${count}→${to}`));
}

function fromWords(moves: readonly Move[]): string {
  return cut(flows(moves.map(({ from }) => ({ to: from }))).map(({ to: from, moves: count }) => `${count}←${from}`));
}

function cut(words: readonly string[]): string {
  const more = words.length - mostFlows;
  return more > 0 ? `${words.slice(0, mostFlows).join(" ")} and ${more} more` : words.join(" ");
}

/** The median round trips of those that moved, before and after. */
export function rttsOf(moves: readonly Move[]): readonly [before: number, after: number] {
  const known = (rtts: readonly number[]) => median(rtts.filter((rtt) => !Number.isNaN(rtt)));
  return [known(moves.map(({ rttBefore }) => rttBefore)), known(moves.map(({ rttAfter }) => rttAfter))];
}

/** When half of those that a burst took away were back; null as long as they are not. */
export function halfBack({ moves, back }: Burst): number | null {
  const half = Math.ceil(new Set(moves.map(({ vantage }) => vantage)).size / 2);
  return back[half - 1]?.at ?? null;
}
