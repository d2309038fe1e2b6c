import type { Speed } from "../../replay/replayer.ts";

/** The speeds that have a button and, in this order, the keys 1 to 6. */
export const speeds: readonly Speed[] = [1, 10, 60, 600, 3600, "max"];

/** The greatest speed that the gateway allows for an interval, and which of its bounds that is; null: any. */
export interface Limit {
  limit: number | null;
  by: "results" | "records" | null;
}
