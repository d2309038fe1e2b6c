import type { Measurement } from "../../api/types.ts";
import type { Parameters } from "../../link/link.ts";
import { streamOf } from "../../stream/streamtype.ts";
import { given, isFiltered } from "./parameters.ts";

/**
 * Seconds between two results on average, as the registry says: a measurement's interval, divided among its probes. Nothing where a filter lets an unknown part of them
 * through.
 */
export function everyOf(parameters: Parameters, measurement: Measurement | null | undefined): number | undefined {
  if (!measurement?.interval || streamOf(parameters) === "metadata") return undefined;
  const { prb, ...others } = parameters;
  if (isFiltered(others)) return undefined;
  if (prb !== undefined && given(parameters, "prb")) return measurement.interval;
  return measurement.participants ? measurement.interval / measurement.participants : undefined;
}

/** A subscription that has brought nothing for so long is silent: twice what is usual, and what results take on their way. */
export function silentAfter(every: number | undefined): number {
  const onTheirWay = 15;
  const unknown = 30;
  return every === undefined ? unknown : 2 * every + onTheirWay;
}
