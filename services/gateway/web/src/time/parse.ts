/** What a person may type for a time. The gateway's own grammar is a part of it. */
export const timeGrammar = "an ISO 8601 time (2015-03-27T00:08Z; UTC without a zone), Unix seconds, or a time before now (-2h)";

const units: Record<string, number> = { s: 1, min: 60, m: 60, h: 3600, d: 86400 };
const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?(Z|[+-]\d\d:?\d\d)?$/i;
const lastSecond = 253402300799; // the end of the year 9999; greater numbers are milliseconds

/** Unix seconds, to the millisecond, or undefined for what is no time. `now` is in Unix seconds too. */
export function parseTime(text: string, now: number): number | undefined {
  const typed = text.trim();
  if (typed === "now") return toMilliseconds(now);
  return parseRelative(typed, now) ?? parseNumber(typed) ?? parseISO(typed);
}

function parseRelative(typed: string, now: number): number | undefined {
  const match = /^-\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d)$/.exec(typed);
  return match ? toMilliseconds(now - Number(match[1]) * (units[match[2] ?? ""] ?? NaN)) : undefined;
}

function parseNumber(typed: string): number | undefined {
  if (!/^\d+(\.\d+)?$/.test(typed)) return undefined;
  const value = Number(typed);
  if (value > lastSecond * 1000 + 999) return undefined;
  return toMilliseconds(value > lastSecond ? value / 1000 : value);
}

function parseISO(typed: string): number | undefined {
  const match = iso.exec(typed);
  if (!match) return undefined;
  const [, date, minute = "00:00", second = "00", zone = "Z"] = match;
  const milliseconds = Date.parse(`${date}T${minute}:${second}${zone.toUpperCase()}`);
  if (Number.isNaN(milliseconds) || milliseconds < 0 || !isDay(date ?? "")) return undefined;
  return milliseconds / 1000;
}

/** Date.parse takes the 30th of February for the 1st of March. */
function isDay(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}

function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
