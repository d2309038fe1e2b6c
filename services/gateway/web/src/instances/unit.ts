import type { Background } from "./background.ts";
import type { Move } from "./moves.ts";
import type { Event } from "./scan.ts";

/** Unit is what leaves a site, or what comes to it. */
export interface Unit {
  readonly side: "from" | "to";
  readonly site: string;
  readonly events: (Event & { readonly move: Move })[]; // in the order of time
  readonly background: Background;
}

export function key(side: Unit["side"], site: string): string {
  return `${side} ${site}`;
}
