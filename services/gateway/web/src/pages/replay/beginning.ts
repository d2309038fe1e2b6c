import type { MeasurementInLog } from "../../api/types.ts";
import type { GatewayError } from "../../frame/errors.ts";
import type { Parameters } from "../../link/link.ts";
import type { Extent } from "../../replay/extent.ts";
import type { Subject } from "./facts.svelte.ts";

const hour = 3600;

/** The hour up to the last result there is; up to now for connection events. */
export function lastHourOf(measurement: Pick<MeasurementInLog, "first" | "last"> | undefined, now: number): Extent | undefined {
  if (!measurement) return { from: Math.floor(now - hour), to: Math.floor(now) };
  if (measurement.last === null) return undefined;
  return { from: Math.max(Math.floor(measurement.last - hour), Math.floor(measurement.first ?? 0)), to: Math.ceil(measurement.last) + 1 };
}

/** What a subscription is about. */
export function subjectOf(parameters: Parameters): Subject | undefined {
  if (parameters["stream_type"] === "probestatus") return { stream: "probestatus" };
  const msm = Number(parameters["msm"]);
  return Number.isSafeInteger(msm) && msm > 0 ? { msm } : undefined;
}

/** `[before_log] startTime: got …, want no earlier than 2015-03-20T00:00:00Z, when …` says when one could start. */
export function earliestOf({ code, words }: GatewayError): number | undefined {
  const time = code === "before_log" ? /no earlier than (\S+Z)/.exec(words)?.[1] : undefined;
  return time === undefined ? undefined : Math.ceil(Date.parse(time) / 1000);
}
