/** A record as it came: a result, a connection event or a measurement's object. It may hold anything, so nothing of it is trusted to have a type. */
export type AtlasRecord = Readonly<Record<string, unknown>>;

/** Two deliveries of one record have the same key. */
export function keyOf(record: AtlasRecord): string {
  return JSON.stringify([record["msm_id"], record["prb_id"], record["timestamp"], record["type"], record["event"], record["hash"]]);
}

/** Unix seconds of the event itself, or undefined. */
export function timeOf(record: AtlasRecord): number | undefined {
  const timestamp = record["timestamp"];
  const time = typeof timestamp === "number" ? timestamp : typeof timestamp === "string" ? Number.parseFloat(timestamp) : NaN;
  return time > 0 && time < 8.64e12 ? time : undefined; // what Date can hold
}

export function isRecord(value: unknown): value is AtlasRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
