import type { Measurement } from "../../api/types.ts";
import { measurementTypes } from "./parameters.ts";

/** What is asked of /api/measurements. */
export interface Search {
  q?: string;
  type?: string;
  af?: number;
  status?: string;
}

/** Reads what is typed: words, and among them `type:dns`, `af:6`, `running`, `stopped`. */
export function parseSearch(typed: string): Search {
  const search: Search = {};
  const words: string[] = [];
  for (const word of typed.trim().split(/\s+/)) {
    const [, name, value] = /^(type|af):(\w+)$/i.exec(word) ?? [];
    if (name?.toLowerCase() === "type" && isType(value ?? "")) search.type = (value ?? "").toLowerCase();
    else if (name?.toLowerCase() === "af" && (value === "4" || value === "6")) search.af = Number(value);
    else if (/^(running|stopped)$/i.test(word)) search.status = word.toLowerCase();
    else if (word !== "") words.push(word);
  }
  return words.length > 0 ? { ...search, q: words.join(" ") } : search;
}

function isType(name: string): boolean {
  return (measurementTypes as readonly string[]).includes(name.toLowerCase());
}

/** What a measurement is about, in a line. */
export function describe({ description, type, target, af }: Measurement): string {
  const about = description ?? [type, target && `to ${target}`].filter(Boolean).join(" ");
  const family = af === null ? "" : `IPv${af}`;
  return [about, family].filter((part) => part !== "").join(", ");
}
