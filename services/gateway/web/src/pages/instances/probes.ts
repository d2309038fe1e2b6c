import type { Probes } from "../../api/types.ts";

/** Probe is what the registry knows of a probe. */
export interface Probe {
  readonly id: number;
  readonly lat: number; // NaN if it is not known
  readonly lon: number;
  readonly country: string;
  readonly asn: number | null;
}

export const noProbes: ReadonlyMap<number, Probe> = new Map();

export function probesOf(columns: Probes): ReadonlyMap<number, Probe> {
  const { lat, lon, country, asn } = columns;
  const probes = columns.id.map((id, i) => ({
    id,
    lat: lat[i] ?? NaN,
    lon: lon[i] ?? NaN,
    country: country[i] ?? "",
    asn: asn[i] ?? null,
  }));
  return new Map(probes.map((probe) => [probe.id, probe]));
}

/** NL AS3333 */
export function whereIs(probe: Probe | undefined): string {
  return [probe?.country, probe?.asn ? `AS${probe.asn}` : ""].filter(Boolean).join(" ");
}
