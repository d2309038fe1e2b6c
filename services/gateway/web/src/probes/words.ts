import type { Outage } from "../api/types.ts";
import { formatClock, formatDate, formatDuration, formatTime } from "../time/format.ts";
import { isOn, lengthOf } from "./outages.ts";

const number = new Intl.NumberFormat("en");
const regions = new Intl.DisplayNames("en", { type: "region" });

export function count(value: number): string {
  return number.format(value);
}

/** plural: 1 probe, 12 probes */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** countryName gives Netherlands for NL, and what is no code as it is. */
export function countryName(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code;
}

/** fullName: NL Netherlands */
function fullName(code: string): string {
  return countryName(code) === code ? code : `${code} ${countryName(code)}`;
}

interface Share {
  readonly name: string;
  readonly lost: number;
}

/** NL 38, BE 11, LU 2 and 4 more */
function shares(all: readonly Share[], most = 3): string {
  const named = all.slice(0, most).map(({ name, lost }) => `${name} ${count(lost)}`);
  return named.join(", ") + (all.length > most ? ` and ${all.length - most} more` : "");
}

/** cellWords: 52°–53° N, 4°–5° E for the cell 52,4 */
function cellWords(name: string): string {
  const match = /^(-?\d{1,2}),(-?\d{1,3})$/.exec(name);
  if (!match) return name;
  const side = (low: number, plus: string, minus: string) => (low < 0 ? `${-low - 1}°–${-low}° ${minus}` : `${low}°–${low + 1}° ${plus}`);
  return `${side(Number(match[1]), "N", "S")}, ${side(Number(match[2]), "E", "W")}`;
}

export function unitWords({ kind, name }: Outage["units"][number]): string {
  if (kind === "cell") return cellWords(name);
  if (kind === "controller") return `controller ${name}`;
  return kind === "world" ? "the whole network" : name;
}

/** What an outage is of: "NL 38, BE 11", "controller ctr-ams05", "the platform". */
export function whatOf(outage: Outage): string {
  if (outage.kind === "platform") return "the platform";
  if (outage.units.length === 0) return "unknown";
  if (outage.kind === "controller") return outage.units.map(({ name }) => `controller ${name}`).join(", ");
  const [only] = outage.units;
  if (only && outage.units.length === 1) return only.kind === "country" ? fullName(only.name) : unitWords(only);
  return shares(outage.units.map((unit) => ({ name: unitWords(unit), lost: unit.lost })));
}

/** Who else was in it: networks of a country's, countries of a network's, how many countries where it is neither's. */
export function extentOf({ kind, units, countries, asns }: Outage): string {
  if (kind !== "outage") return plural(countries.length, "country", "countries");
  return units.some((unit) => unit.kind === "asn") ? shares(countries) : shares(asns);
}

/** on, 12 min · 2 min 11 s · not back within a day */
export function lastsOf(outage: Outage, now: number): string {
  if (outage.state === "withdrawn") return "was none";
  if (outage.state === "lost") return "end not seen";
  const length = formatDuration(lengthOf(outage, now));
  return isOn(outage) ? `on, ${length}` : length;
}

const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10⁻⁴¹: the chance that so many went by themselves. */
export function confidenceOf(score: number): string {
  const digits = String(Math.max(0, Math.floor(score)));
  return digits === "0" || !/^\d+$/.test(digits) ? "–" : `10⁻${[...digits].map((digit) => raised[Number(digit)]).join("")}`;
}

/** 2.1 an hour, or 0.02 */
export function figure(value: number): string {
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 2 }).format(value);
}

export function backIn({ probes }: Outage): number {
  return probes.filter(({ back }) => back !== null).length;
}

/** Where, for a sentence: in NL, BE and LU. */
function whereOf({ kind, units, countries }: Outage): string {
  if (kind === "platform") return `in ${plural(countries.length, "country", "countries")}`;
  if (kind === "controller") return `of ${units.map(unitWords).join(", ")}`;
  const names = units.map(unitWords);
  return `in ${names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ")}`;
}

const day = (seconds: number) => formatDate(seconds, "UTC");

/** ticket is a line for a ticket: in UTC, with its date, whatever zone the viewer has chosen. */
export function ticket(outage: Outage, now: number, link: string): string {
  const { start, lost, of, probes } = outage;
  const spread = Math.max(0, ...probes.map(({ down }) => down - start));
  const returned = probes.flatMap(({ back }) => back ?? []);
  const until = returned.length > 0 && !isOn(outage) ? Math.max(...returned) : now;
  const by = day(until) === day(start) ? formatClock(until, "UTC") : formatTime(until, "UTC");
  const back = returned.length === 0 ? `none back by ${by}` : `${count(returned.length)} back by ${by}`;
  const whose = outage.kind === "outage" ? "their controller" : "their connection";
  return `${formatTime(start, "UTC")} UTC: ${count(lost)} of ${count(of)} Atlas probes ${whereOf(outage)} lost ${whose} within ${formatDuration(Math.max(1, spread))}; ${back}. ${link}`;
}

/** announcement is what is said of outages that are new, in a sentence. */
export function announcement(outages: readonly Outage[]): string {
  const [first] = outages;
  if (!first) return "";
  if (outages.length > 1) return `${outages.length} new outages: ${outages.slice(0, 3).map(whatOf).join("; ")}.`;
  return `${first.state === "provisional" ? "Perhaps an outage" : "An outage"} of ${whatOf(first)}: ${count(first.lost)} of ${plural(first.of, "probe")} lost.`;
}
