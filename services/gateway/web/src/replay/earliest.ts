import type { GatewayError } from "../frame/errors.ts";

/**
 * When one could start, in whole Unix seconds, if `before_log` says so: `startTime: got …, want no earlier than 2013-06-27T08:42:12Z, when the log begins with other
 * measurements; its first record of measurement 1768147 is of 2015-03-21T00:08:23Z; …`. The first record of the measurement is what counts, where it is named.
 */
export function earliestOf({ code, words }: GatewayError): number | undefined {
  if (code !== "before_log") return undefined;
  const first = timeIn(words, /its first record of measurement \d+ is of (\S+Z)/);
  const beginning = timeIn(words, /no earlier than (\S+Z)/);
  return first !== undefined ? Math.floor(first) : beginning !== undefined ? Math.ceil(beginning) : undefined;
}

function timeIn(words: string, pattern: RegExp): number | undefined {
  const time = Date.parse(pattern.exec(words)?.[1] ?? "") / 1000;
  return Number.isFinite(time) ? time : undefined;
}
