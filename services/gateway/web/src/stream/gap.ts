import type { GatewayError } from "../frame/errors.ts";
import type { Gap } from "./state.ts";

const misses = /misses what came in from (\S+Z) to (\S+Z),/;

/** Between which times records are missing: as the words of `gap` say, or else from the newest delivered event until now. */
export function gapOf(error: GatewayError, newest: number | undefined, now: number): Gap {
  const [from, to] = (misses.exec(error.words) ?? []).slice(1).map((text) => Date.parse(text) / 1000);
  if (from !== undefined && to !== undefined && from <= to) return { from, to, error };
  return { from: newest ?? null, to: now, error };
}

/** From the beginning of one gap to the end of a later one. */
export function both(one: Gap, later: Gap): Gap {
  return { ...later, from: one.from };
}
