import type { Catchments } from "./catchments.ts";
import type { Row } from "./rows.ts";

/** Pair is what there is to say of a site over IPv4 and over IPv6: of two measurements of one server. */
export interface Pair {
  readonly key: string;
  readonly first: Row | undefined;
  readonly second: Row | undefined;
}

/** pairsOf the sites of two measurements has the one first that answers the most probes. */
export function pairsOf(first: readonly Row[], second: readonly Row[]): Pair[] {
  const [those, others] = [first, second].map((rows) => new Map(rows.map((row) => [row.key, row]))) as [Map<string, Row>, Map<string, Row>];
  const keys = [...new Set([...those.keys(), ...others.keys()])];
  const pairs = keys.map((key) => ({ key, first: those.get(key), second: others.get(key) }));
  const probes = (pair: Pair) => (pair.first?.probes ?? 0) + (pair.second?.probes ?? 0);
  return pairs.sort((a, b) => probes(b) - probes(a) || (a.key < b.key ? -1 : 1));
}

/** agreementOf two measurements tells how many probes have an answer in both, and how many of them from the same site. */
export function agreementOf(first: Catchments, second: Catchments): { both: number; same: number } {
  const answered = [...first.probes].flatMap(([probe, { site }]) => {
    const other = second.probes.get(probe)?.site ?? "";
    return site !== "" && other !== "" ? [site === other] : [];
  });
  return { both: answered.length, same: answered.filter(Boolean).length };
}
