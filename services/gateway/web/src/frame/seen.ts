/** So many outages that nobody has seen are counted. */
const most = 500;

/** What the viewer has seen: `keys` are of outages. Times are Unix seconds. */
export interface Seen {
  /** Those that came while nobody looked. */
  readonly unseen: readonly string[];
  /** Since when nobody looks. */
  readonly left: number | undefined;
  /** From when to when nobody looked last, and what came then. */
  readonly away: { readonly from: number; readonly until: number; readonly keys: readonly string[] } | undefined;
}

export const allSeen: Seen = { unseen: [], left: undefined, away: undefined };

export function arrived(seen: Seen, keys: readonly string[], isHidden: boolean): Seen {
  return isHidden ? { ...seen, unseen: [...seen.unseen, ...keys].slice(-most) } : seen;
}

/** The page is looked at again, or no longer. */
export function looked(seen: Seen, now: number, isHidden: boolean): Seen {
  if (isHidden) return { ...seen, left: seen.left ?? now };
  const away = seen.left !== undefined && seen.unseen.length > 0 ? { from: seen.left, until: now, keys: seen.unseen } : seen.away;
  return { unseen: [], left: undefined, away };
}

/** The title of the browser's tab: "(2) Probes – atlas-stream" when two outages have come since it was looked at. */
export function tabTitle(page: string, { unseen }: Seen): string {
  return `${unseen.length > 0 ? `(${unseen.length}) ` : ""}${page} – atlas-stream`;
}
