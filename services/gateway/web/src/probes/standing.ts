import type { GatewayError } from "../frame/errors.ts";

/** What is known of outages as a whole. */
export interface Known {
  /** When the list was told last, in Unix seconds of the gateway's clock. */
  readonly at: number | undefined;
  /** Why it is not told now. */
  readonly fault: GatewayError | undefined;
  /** Since when no connection event came. */
  readonly silentSince: number | null;
  readonly count: number;
}

/** What the list of outages says in words, beside its rows. `isKnown`: whether an empty list means that there was none. */
export interface Verdict {
  readonly isKnown: boolean;
  readonly is: "asking" | "none" | "some" | "silent" | "stale" | "absent" | "behind" | "refused";
}

/** verdict tells "no outage" from "no data". */
export function verdict({ at, fault, silentSince, count }: Known): Verdict {
  if (fault?.code === "absent") return { is: "absent", isKnown: false };
  if (fault && at === undefined) return { is: fault.code === "unavailable" ? "behind" : "refused", isKnown: false };
  if (at === undefined) return { is: "asking", isKnown: false };
  if (fault) return { is: "stale", isKnown: false };
  if (silentSince !== null) return { is: "silent", isKnown: false };
  return { is: count === 0 ? "none" : "some", isKnown: true };
}
