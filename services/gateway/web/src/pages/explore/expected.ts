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
