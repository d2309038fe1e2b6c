import type { Parameters } from "../link/link.ts";

/** The stream that a subscription is to: `result`, `probestatus` or `metadata`. Parameters may be written in two styles, and hold anything. */
export function streamOf(parameters: Parameters): string {
  const stream = parameters["stream_type"] ?? parameters["streamType"] ?? "result";
  if (stream === "probe") return "probestatus";
  return typeof stream === "string" ? stream : "";
}
