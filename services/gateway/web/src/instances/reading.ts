import { isRecord, type AtlasRecord } from "../stream/record.ts";
import { type Message, parseMessage } from "./dnsmessage.ts";

export type Outcome = "answered" | "unnamed" | "timeout" | "servfail" | "refused" | "failed";

/** Reading is what one query says: which instance answered, or why none has. */
export interface Reading {
  /** Who asked: a probe, or one of the resolvers that it asks. Results of one vantage are compared with each other, of others never. */
  readonly vantage: string;
  readonly probe: number;
  readonly time: number;
  readonly outcome: Outcome;
  /** What the instance calls itself, where the outcome is "answered". */
  readonly name: string;
  /** Round trip in ms; NaN where nothing came back. */
  readonly rtt: number;
}

/** readings of a result of type dns are none where it has no probe or no time, one as a rule, and several where the probe asked several resolvers. */
export function readings(result: AtlasRecord): Reading[] {
  const probe = result["prb_id"];
  const time = result["timestamp"];
  if (typeof probe !== "number" || typeof time !== "number" || !Number.isFinite(time)) return [];
  const set = result["resultset"];
  if (!Array.isArray(set)) return [{ vantage: String(probe), probe, time, ...answerOf(result) }];
  return set.filter(isRecord).map((query) => ({
    vantage: `${probe} by ${text(query["dst_addr"]) || text(query["dst_name"]) || "its resolver"}`,
    probe,
    time: typeof query["time"] === "number" ? query["time"] : time,
    ...answerOf(query),
  }));
}

function answerOf(query: AtlasRecord): Pick<Reading, "outcome" | "name" | "rtt"> {
  const answer = query["result"];
  if (!isRecord(answer)) return { outcome: failureOf(query["error"]), name: "", rtt: NaN };
  const rtt = typeof answer["rt"] === "number" ? answer["rt"] : NaN;
  const message = typeof answer["abuf"] === "string" ? parseMessage(answer["abuf"]) : null;
  const name = nameIn(answer["answers"]) || (message?.text ?? "");
  return { outcome: name ? "answered" : refusalOf(message), name, rtt };
}

function failureOf(error: unknown): Outcome {
  return isRecord(error) && "timeout" in error ? "timeout" : "failed";
}

function refusalOf(message: Message | null): Outcome {
  if (message?.rcode === 2) return "servfail";
  if (message?.rcode === 5) return "refused";
  return "unnamed";
}

/** nameIn gives the first text of the first TXT record. Old firmware writes RDATA as a string, newer as a list of strings. */
function nameIn(answers: unknown): string {
  if (!Array.isArray(answers)) return "";
  for (const answer of answers) {
    if (!isRecord(answer) || (answer["TYPE"] !== "TXT" && answer["TYPE"] !== 16)) continue;
    const data = answer["RDATA"];
    const name = text(Array.isArray(data) ? data[0] : data);
    if (name) return name;
  }
  return "";
}

const longestName = 255; // of a domain name, and of a string in a TXT record

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, longestName) : "";
}
