import type { AtlasRecord } from "./record.ts";
import { cut, listOf, numberOf, objectOf, textOf } from "./value.ts";

/** What a person wants to read of a record. */
export interface Summary {
  text: string;
  /** No answer, or some lost. */
  bad: boolean;
  /** Milliseconds, where the type has a round-trip time that is worth a chart. */
  rtt?: number;
}

/** How much is shown of a record without a summary. */
const longestUnknown = 120;
export const longestCell = 200;

export function summaryOf(record: AtlasRecord): Summary {
  const type = textOf(record["type"]);
  const summarise = Object.hasOwn(byType, type) ? byType[type] : undefined;
  const summary = summarise?.(record) ?? { text: cut(JSON.stringify(record), longestUnknown), bad: false };
  return { ...summary, text: cut(summary.text, longestCell) };
}

/** Country and network of the probe, which `enrichProbes` adds. */
export function whereOf(record: AtlasRecord): string {
  const probe = objectOf(record["probe"]);
  const asn = numberOf(probe["asn_v4"]) ?? numberOf(probe["asn_v6"]) ?? numberOf(record["asn"]);
  const parts = [probe["country_code"] == null ? "" : textOf(probe["country_code"]), asn === undefined ? "" : `AS${asn}`];
  return cut(parts.filter((part) => part !== "").join(" "), 30);
}

/** What was measured. */
export function targetOf(record: AtlasRecord): string {
  const names = ["dst_name", "dst_addr", "uri", "name", "addr", "target"];
  const name = names.find((member) => record[member] != null && record[member] !== "");
  return name === undefined ? "" : cut(textOf(record[name]), longestCell);
}

const byType: Record<string, (record: AtlasRecord) => Summary> = { ping, traceroute, dns, sslcert, http, ntp, wifi, connection };

const milliseconds = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
const answered = (text: string, rtt: number | undefined): Summary => ({ text, bad: false, ...(rtt !== undefined && { rtt }) });
const failed = (text: string): Summary => ({ text, bad: true });

function ping(record: AtlasRecord): Summary {
  const sent = numberOf(record["sent"]);
  const received = numberOf(record["rcvd"]) ?? 0;
  const rtt = numberOf(record["avg"]);
  if (received <= 0 || rtt === undefined || rtt < 0) return failed(`no answer to ${sent ?? "any"} packets`);
  const [least, most] = [numberOf(record["min"]), numberOf(record["max"])];
  const range = least === undefined || most === undefined || least === most ? "" : ` (${milliseconds(least)} to ${milliseconds(most)})`;
  const lost = (sent ?? received) - received;
  return { text: `${milliseconds(rtt)}${range}${lost > 0 ? `, ${lost} of ${sent} lost` : ""}`, bad: lost > 0, rtt };
}

function traceroute(record: AtlasRecord): Summary {
  const hops = listOf(record["result"]).map(objectOf);
  const error = hops.find((hop) => hop["error"] !== undefined)?.["error"];
  if (error !== undefined) return failed(textOf(error));
  const last = hops.at(-1);
  const replies = listOf(last?.["result"]).map(objectOf);
  const reply = replies.find(({ from, rtt, err }) => from === record["dst_addr"] && rtt !== undefined && err === undefined);
  const rtt = numberOf(reply?.["rtt"]);
  if (rtt === undefined) return failed(`did not arrive, ${hops.length} hops seen`);
  return answered(`${textOf(last?.["hop"])} hops, ${milliseconds(rtt)}`, rtt);
}

function dns(record: AtlasRecord): Summary {
  const set = listOf(record["resultset"]).map(objectOf);
  if (set.length === 0) return dnsAnswer(record);
  const answers = set.map(dnsAnswer);
  const first = answers.find(({ bad }) => !bad) ?? answers[0] ?? failed("no answer");
  const missing = answers.filter(({ bad }) => bad).length;
  if (set.length === 1) return first;
  return {
    ...first,
    text: `${first.text}; ${set.length} resolvers${missing > 0 ? `, ${missing} without an answer` : ""}`,
    bad: missing > 0,
  };
}

function dnsAnswer(record: AtlasRecord): Summary {
  const error = objectOf(record["error"]);
  if (Object.keys(error).length > 0) return failed(`no answer: ${causeOf(error)}`);
  const result = objectOf(record["result"]);
  const rtt = numberOf(result["rt"]) ?? numberOf(record["result-rt"]);
  const text = [dnsContent(result), rtt === undefined ? "" : milliseconds(rtt)].filter((part) => part !== "").join(", ");
  return { ...answered(text === "" ? "answered" : text, rtt), bad: (rcodeOf(result) ?? 0) !== 0 && rcodeOf(result) !== nameError };
}

const rcodes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
const nameError = 3;

/** The first answer that is a text, else how many there are and with which code. */
function dnsContent(result: Readonly<Record<string, unknown>>): string {
  const data = listOf(result["answers"]).map((answer) => objectOf(answer)["RDATA"]);
  const text = data.find((value) => value != null);
  if (text !== undefined) return textOf(Array.isArray(text) ? (text[0] ?? "") : text);
  const rcode = rcodeOf(result);
  const count = numberOf(result["ANCOUNT"]);
  const answers = count === undefined ? "" : `${count} ${count === 1 ? "answer" : "answers"}`;
  return [rcode === undefined ? "" : (rcodes[rcode] ?? `RCODE ${rcode}`), answers].filter((part) => part !== "").join(", ");
}

/** The response code is in the fourth byte of the message. */
function rcodeOf(result: Readonly<Record<string, unknown>>): number | undefined {
  const message = result["abuf"];
  if (typeof message !== "string" || !/^[\w+/]{8}/.test(message)) return undefined;
  return atob(message.slice(0, 8)).charCodeAt(3) & 0x0f;
}

/** `{"timeout":5000}`: timeout 5000 */
function causeOf(error: Readonly<Record<string, unknown>>): string {
  return Object.entries(error)
    .map(([name, value]) => `${name} ${textOf(value)}`)
    .join(", ");
}

function sslcert(record: AtlasRecord): Summary {
  const wrong = record["dnserr"] ?? record["err"];
  if (wrong !== undefined) return failed(textOf(wrong));
  const alert = objectOf(record["alert"]);
  if (record["alert"] !== undefined) return failed(`alert ${textOf(alert["description"] ?? alert["decription"])}`); // older probes write it so
  const rtt = numberOf(record["rt"]);
  const count = listOf(record["cert"]).length;
  const version = record["ver"] === undefined ? "" : `TLS ${textOf(record["ver"])}, `;
  return {
    text: `${version}${count} ${count === 1 ? "certificate" : "certificates"}${rtt === undefined ? "" : `, ${milliseconds(rtt)}`}`,
    bad: count === 0,
  };
}

/** Old probes write the result as a line, some in a wrong member: method, address, seconds, status, length of the header and of the body. */
function http(record: AtlasRecord): Summary {
  const line = record["result"] ?? record["src_addr"];
  if (typeof line === "string") {
    const [, , seconds, status] = /^[A-Z]+\d? \S+ (\S+) (\d+) /.exec(line)?.[0]?.split(" ") ?? [];
    return status === undefined ? failed(line) : httpAnswer(status, (numberOf(seconds) ?? NaN) * 1000, undefined);
  }
  const result = objectOf(listOf(line)[0]);
  const wrong = result["err"] ?? result["dnserr"];
  if (wrong !== undefined) return failed(textOf(wrong));
  return httpAnswer(result["res"], numberOf(result["rt"]) ?? NaN, numberOf(result["bsize"]));
}

function httpAnswer(status: unknown, rtt: number, size: number | undefined): Summary {
  const parts = [
    status === undefined ? "no status" : `status ${textOf(status)}`,
    size === undefined ? "" : `${new Intl.NumberFormat("en").format(size)} bytes`,
    Number.isFinite(rtt) ? milliseconds(rtt) : "",
  ];
  return { text: parts.filter((part) => part !== "").join(", "), bad: !((numberOf(status) ?? 0) < 400) };
}

function ntp(record: AtlasRecord): Summary {
  const replies = listOf(record["result"]).map(objectOf);
  const reply = replies.find(({ rtt }) => numberOf(rtt) !== undefined);
  if (!reply) return failed(`no answer to ${replies.length} packets`);
  const rtt = (numberOf(reply["rtt"]) ?? 0) * 1000;
  const offset = numberOf(reply["offset"]);
  const ahead = offset === undefined ? "" : `${offset < 0 ? "−" : "+"}${Math.abs(offset).toFixed(3)} s, `;
  return answered(`${ahead}${milliseconds(rtt)}`, rtt);
}

function wifi(record: AtlasRecord): Summary {
  if (record["error"] !== undefined) return failed(textOf(record["error"]));
  const supplicant = objectOf(record["wpa_supplicant"]);
  const parts = [supplicant["ssid"], supplicant["wpa_state"]].filter((part) => part !== undefined).map(textOf);
  const seconds = numberOf(supplicant["connect-time"]);
  return { text: [...parts, ...(seconds === undefined ? [] : [`connected in ${seconds} s`])].join(", ") || "connected", bad: false };
}

function connection(record: AtlasRecord): Summary {
  const controller = record["controller"] === undefined ? "an unknown controller" : textOf(record["controller"]);
  if (record["event"] === "disconnect") return failed(`disconnected from ${controller}`);
  if (record["event"] === "connect") return { text: `connected to ${controller}`, bad: false };
  return { text: textOf(record["event"]), bad: false };
}
