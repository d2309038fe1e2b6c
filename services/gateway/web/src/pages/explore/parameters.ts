import { emptyLink, formatLink, type Parameters } from "../../link/link.ts";
import { streamOf } from "../../stream/streamtype.ts";

/** The parameters of a subscription, as the gateway's README lists them. */
export const parameterNames = [
  "stream_type",
  "msm",
  "prb",
  "type",
  "sourceAddress",
  "sourcePrefix",
  "destinationAddress",
  "destinationPrefix",
  "passThroughHost",
  "passThroughPrefix",
  "equalsTo",
  "lessThan",
  "greaterTo",
  "acceptedFields",
  "enrichProbes",
  "buffering",
  "sendBacklog",
  "cursor",
  "startTime",
  "endTime",
  "speed",
] as const;

export const measurementTypes = ["ping", "traceroute", "dns", "sslcert", "http", "ntp", "wifi", "connection"] as const;

/** Has a member in either of its two styles. */
export function given(parameters: Parameters, name: string): boolean {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.keys(parameters).some((member) => member === name || member === snake || member === camel);
}

/**
 * What Explore sends for what the viewer asks: with a cursor, so that nothing is lost with the connection; the last minutes first; with what is known of the probe; in
 * arrays, as a page that takes each result alone has too much to do. What the viewer gives counts.
 */
export function sentFor(parameters: Parameters): Parameters {
  const metadata = streamOf(parameters) === "metadata";
  const additions: Parameters = {
    ...(!metadata && { enrichProbes: true }),
    buffering: true,
    ...(!metadata && { cursor: "" }),
    ...(!metadata && !given(parameters, "startTime") && { sendBacklog: true }),
  };
  return { ...parameters, ...Object.fromEntries(Object.entries(additions).filter(([name]) => !given(parameters, name))) };
}

/** Whether two subscriptions ask for the same, in whichever order. */
export function areSame(one: Parameters, other: Parameters): boolean {
  return sorted(one) === sorted(other);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

/** The measurement's ID, if there is one that a number can be. */
export function measurementOf(parameters: Parameters): number | undefined {
  if (streamOf(parameters) === "probestatus") return undefined;
  const id = Number(parameters["msm"]);
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

/** Leads to a replay of the same: of the interval, or of the last hour that there is. Metadata is not replayed. */
export function replayLink(parameters: Parameters, from?: number, to?: number): string | undefined {
  if (streamOf(parameters) === "metadata") return undefined;
  return formatLink({ ...emptyLink("replay"), sub: [parameters], from, to });
}

/** Whether there is a condition beside the measurement. */
export function isFiltered(parameters: Parameters): boolean {
  const filters = parameterNames.slice(parameterNames.indexOf("prb"), parameterNames.indexOf("acceptedFields"));
  return (
    filters.some((name) => given(parameters, name)) ||
    Object.keys(parameters).some((name) => /^(equalsTo|lessThan|greater\w+)[.[]/.test(name))
  );
}

/** The name that was meant, if one is near enough. */
export function nearestName(typed: string, names: readonly string[] = parameterNames): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll("_", "");
  const ranked = names.map((name) => [distance(plain(typed), plain(name)), name] as const).sort(([a], [b]) => a - b);
  const [best] = ranked;
  const aliases: Record<string, string> = { probe: "prb", measurement: "msm", stream: "stream_type" };
  if (Object.hasOwn(aliases, plain(typed))) return aliases[plain(typed)];
  return best && best[0] <= Math.max(1, Math.floor(plain(typed).length / 3)) ? best[1] : undefined;
}

/** How many letters have to be put in, left out or exchanged. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column++) {
      const exchanged = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min((row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, exchanged));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
