import type { Outages } from "../../api/types.ts";
import { formatDuration } from "../../time/format.ts";

/** An instant that is worth going to. */
export interface Marker {
  time: number; // Unix seconds
  what: string;
}

const kinds = { outage: "outage", controller: "trouble of a controller", platform: "trouble of the platform" } as const;

/** One for the start of each outage that the interval has. */
export function outageMarkers({ outages }: Outages): Marker[] {
  return outages
    .filter(({ state }) => state !== "withdrawn")
    .map(({ kind, start, end, lost, of, units }) => {
      const where = units
        .map(({ name }) => name)
        .slice(0, 3)
        .join(", ");
      const length = end === null ? "" : `, ${formatDuration(end - start)}`;
      return { time: start, what: `${kinds[kind]} ${where}: ${lost} of ${of} probes${length}` };
    });
}

/** The nearest marker before or after a time. `slack` seconds of the time itself count as there. */
export function neighbour(markers: readonly Marker[], time: number, way: 1 | -1, slack = 1): Marker | undefined {
  const there = markers.filter((marker) => (marker.time - time) * way > slack);
  return there.sort((a, b) => (a.time - b.time) * way)[0];
}
