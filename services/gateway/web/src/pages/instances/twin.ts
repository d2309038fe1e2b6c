import type { Api } from "../../api/client.ts";
import type { Measurement } from "../../api/types.ts";
import { familyOf, otherFamily } from "../../instances/letters.ts";

const mostFound = 500;

/**
 * twinOf a measurement is that which asks the same of the same server over the other version of IP: the built-in one, or the only one that the registry describes alike.
 * Null: none is known.
 */
export async function twinOf(
  id: number,
  known: Measurement | null,
  api: Pick<Api, "measurements">,
  signal: AbortSignal,
): Promise<number | null> {
  const builtIn = otherFamily(id);
  if (builtIn !== null || !known?.target || !known.type || !known.af) return builtIn;
  const query = { q: known.target, type: known.type, af: known.af === 4 ? 6 : 4, limit: mostFound };
  const { measurements } = await api.measurements(query, signal);
  const alike = measurements.filter((one) => one.target === known.target && one.interval === known.interval && about(one) === about(known));
  return alike.length === 1 ? (alike[0]?.id ?? null) : null;
}

/** Which version of IP a measurement uses. */
export function versionOf(id: number, known: Measurement | null): number | null {
  return familyOf(id) ?? known?.af ?? null;
}

/** familiesOf two measurements is the one over IPv4 and the one over IPv6; undefined unless it is known that they are one of each. */
export function familiesOf(
  those: readonly { measurement: number; info: Measurement | null }[],
): readonly [v4: number, v6: number] | undefined {
  const [v4, v6] = [4, 6].map((version) => those.find(({ measurement, info }) => versionOf(measurement, info) === version));
  return v4 && v6 && [v4.measurement, v6.measurement];
}

/** What tells two measurements side by side from each other. */
export function namesOf(those: readonly { measurement: number; info: Measurement | null }[]): string[] {
  const families = familiesOf(those);
  return those.map(({ measurement }) => (families ? `IPv${measurement === families[0] ? 4 : 6}` : String(measurement)));
}

/** What a measurement is about, whatever version of IP it uses. */
function about({ description }: Measurement): string {
  return (description ?? "").replace(/\b(ip)?v[46]\b/gi, "");
}
