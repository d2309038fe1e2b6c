import type { ResultRow } from "./rows.ts";

/** One record a line, as it came. */
export function toNDJSON(rows: readonly ResultRow[]): string {
  return rows.map(({ json }) => `${json}\n`).join("");
}

/** What the table shows, times in UTC. */
export function toCSV(rows: readonly ResultRow[]): string {
  const lines = rows.map(({ letter, time, probe, where, target, text, json }) =>
    [time === undefined ? "" : new Date(time * 1000).toISOString(), letter, probe, where, target, text, json].map(field).join(","),
  );
  return ["time_utc,subscription,probe,where,target,result,json", ...lines].join("\r\n") + "\r\n";
}

/** A spreadsheet takes what begins so for a formula, and runs it. */
const formula = /^[=+\-@\t\r]/;

function field(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Has the browser save a text as a file. */
export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
