import type { MeasurementInLog } from "../../api/types.ts";
import { emptyLink, formatLink, type Link, type Parameters } from "../../link/link.ts";
import type { Extent } from "../../replay/extent.ts";
import { streamOf } from "../../stream/streamtype.ts";
import type { Subject } from "./facts.svelte.ts";

const hour = 3600;

/** What is known of a measurement and its results in the log. */
export type Known = Pick<MeasurementInLog, "first" | "last" | "complete" | "measurement">;

/** The last hour of a measurement's results. `undefined`: the log has none, or, unless it is `complete`, it is not known when they end. */
export function lastHourOf(known: Known, now: number): Extent | undefined {
  const end = endOf(known, now);
  if (end === undefined) return undefined;
  const first = known.complete ? known.first : null; // else there may be earlier ones
  return { from: Math.max(Math.floor(end - hour), Math.floor(first ?? 0)), to: Math.ceil(end) + 1 };
}

/** Where the log was not looked through, `last` is that of some topics only: results may end when the measurement stopped, or not yet. */
function endOf({ last, complete, measurement }: Known, now: number): number | undefined {
  if (complete || measurement === null) return last ?? undefined;
  return measurement.stopped ? (measurement.stop ?? last ?? undefined) : now;
}

/** The last hour of connection events. */
export function hourTo(now: number): Extent {
  return { from: Math.floor(now - hour), to: Math.floor(now) };
}

/** What a link has replayed: its subscription, or all connections of probes, which the view of them is about. */
export function parametersOf({ sub, view }: Pick<Link, "sub" | "view">): Parameters | undefined {
  return sub[0] ?? (view === "probes" ? { stream_type: "probestatus" } : undefined);
}

/** Where the same comes live. */
export function liveLink(parameters: Parameters, view: string): string {
  if (view === "probes") return formatLink(emptyLink("probes"));
  return formatLink({ ...emptyLink(view === "instances" ? "instances" : "explore"), sub: [parameters] });
}

/** What a subscription is about. */
export function subjectOf(parameters: Parameters): Subject | undefined {
  if (streamOf(parameters) === "probestatus") return { stream: "probestatus" };
  const msm = Number(parameters["msm"]);
  return Number.isSafeInteger(msm) && msm > 0 ? { msm } : undefined;
}
