import type { Parameters } from "../../link/link.ts";

/** Conditions on members of a record: each has a member's path and a value. */
const comparisons = ["equalsTo", "lessThan", "greaterTo"] as const;
/** Conditions on the addresses of a record, and the type. */
const plain = [
  "type",
  "sourceAddress",
  "sourcePrefix",
  "destinationAddress",
  "destinationPrefix",
  "passThroughHost",
  "passThroughPrefix",
] as const;

export const kinds = [...comparisons, ...plain, "other"] as const;
export type Kind = (typeof kinds)[number];

/** A line of the form. `member` is the path of a comparison, or the name of another parameter; `value` is as it is typed. */
export interface Condition {
  kind: Kind;
  member: string;
  value: string;
}

/** A subscription as a form has it. Nothing is lost between this and the parameters. */
export interface Filters {
  stream: string; // as typed; "" is a subscription to results that does not say so
  msm: string;
  prb: string;
  conditions: Condition[];
}

export const emptyFilters: Filters = { stream: "", msm: "", prb: "", conditions: [] };

/** How the form names a kind. */
export const kindNames: Record<Kind, string> = {
  equalsTo: "is",
  lessThan: "is less than",
  greaterTo: "is greater than",
  type: "type",
  sourceAddress: "source address",
  sourcePrefix: "source in prefix",
  destinationAddress: "destination address",
  destinationPrefix: "destination in prefix",
  passThroughHost: "passes through host",
  passThroughPrefix: "passes through prefix",
  other: "other parameter",
};

export function isComparison(kind: Kind): kind is (typeof comparisons)[number] {
  return (comparisons as readonly string[]).includes(kind);
}

/** Whether a line of this kind has a member to be named. */
export function hasMember(kind: Kind): boolean {
  return isComparison(kind) || kind === "other";
}

export function toParameters({ stream, msm, prb, conditions }: Filters): Parameters {
  const members: [string, unknown][] = [];
  if (stream !== "") members.push(["stream_type", parseValue(stream)]);
  if (msm !== "") members.push(["msm", parseValue(msm)]);
  if (prb !== "") members.push(["prb", parseValue(prb)]);
  for (const kind of comparisons) {
    const compared = conditions.filter((condition) => condition.kind === kind);
    if (compared.length > 0) members.push([kind, Object.fromEntries(compared.map(({ member, value }) => [member, parseValue(value)]))]);
  }
  for (const { kind, member, value } of conditions) {
    if (!isComparison(kind)) members.push([kind === "other" ? member : kind, parseValue(value)]);
  }
  return Object.fromEntries(members);
}

export function fromParameters(parameters: Parameters): Filters {
  const filters: Filters = { ...emptyFilters, conditions: [] };
  for (const [name, value] of Object.entries(parameters)) {
    const typed = formatValue(value);
    if (name === "stream_type" && typed !== "") filters.stream = typed;
    else if (name === "msm" && typed !== "") filters.msm = typed;
    else if (name === "prb" && typed !== "") filters.prb = typed;
    else filters.conditions.push(...conditionsOf(name, value));
  }
  return filters;
}

function conditionsOf(name: string, value: unknown): Condition[] {
  if ((comparisons as readonly string[]).includes(name) && typeof value === "object" && value !== null && !Array.isArray(value)) {
    const compared = Object.entries(value).map(([member, one]) => ({ kind: name as Kind, member, value: formatValue(one) }));
    if (compared.length > 0) return compared;
  }
  if ((plain as readonly string[]).includes(name)) return [{ kind: name as Kind, member: "", value: formatValue(value) }];
  return [{ kind: "other", member: name, value: formatValue(value) }];
}

/** What is typed is JSON where it can be, and else a text: 4 is a number, NL a text, "4" a text again. A number that would not stay the same is left a text. */
export function parseValue(typed: string): unknown {
  try {
    const value: unknown = JSON.parse(typed);
    return typeof value === "number" && String(value) !== typed ? typed : value;
  } catch {
    return typed;
  }
}

/** The inverse of parseValue. */
export function formatValue(value: unknown): string {
  return typeof value === "string" && parseValue(value) === value ? value : JSON.stringify(value);
}

/** The line that an error of the gateway is about: its words begin with a parameter's name, of a comparison with the member's behind it. */
export function lineOf(parameter: string, conditions: readonly Condition[]): number {
  return conditions.findIndex(({ kind, member }) => {
    const name = kind === "other" ? member : kind;
    return parameter === name || (isComparison(kind) && parameter === `${kind}.${member}`);
  });
}
