import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { AtlasRecord } from "../stream/record.ts";
import { parsePlaces } from "./places.ts";

// Results that probes delivered, for tests, and the table of places.

export const places = parsePlaces(readFileSync(new URL("./places.txt", import.meta.url), "utf8"));

export function rowsOf(file: string): AtlasRecord[] {
  const packed = readFileSync(new URL(`../../../../../pkg/atlas/testdata/${file}.gz`, import.meta.url));
  return gunzipSync(packed)
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as AtlasRecord);
}

/** The results of a measurement in the order of their time, as a replay delivers them. */
export function resultsOf(measurement: number): AtlasRecord[] {
  const rows = rowsOf("dns.jsonl").filter((row) => row["msm_id"] === measurement);
  return rows.sort((a, b) => Number(a["timestamp"]) - Number(b["timestamp"]));
}
