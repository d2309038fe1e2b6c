import { expect, test } from "vitest";
import { parseMessage } from "./dnsmessage.ts";
import { readings } from "./reading.ts";
import { rowsOf } from "./realdata.ts";

const answered = (rdata: unknown) => ({
  prb_id: 1,
  timestamp: 100,
  result: { rt: 12.5, answers: [{ TYPE: "TXT", NAME: "id.server", RDATA: rdata }] },
});

test.each([
  ["a string, as old firmware writes", "JNB"],
  ["a list, as new firmware writes", ["JNB"]],
])("the name is in %s", (_, rdata) => {
  expect(readings(answered(rdata))).toEqual([{ vantage: "1", probe: 1, time: 100, outcome: "answered", name: "JNB", rtt: 12.5 }]);
});

test("the name is taken from the message where the probe has not decoded it", () => {
  const abuf = "GzWEAAABAAEAAAAAAmlkBnNlcnZlcgAAEAADwAwAEAADAAAAPAAEA0pOQg=="; // of a result of 1768147
  expect(readings({ prb_id: 1, timestamp: 100, result: { rt: 3, abuf } })).toMatchObject([{ outcome: "answered", name: "JNB" }]);
});

test.each([
  ["timeout", { error: { timeout: 5000 } }],
  ["failed", { error: { nameserver: "no address" } }],
  ["failed", {}],
  ["unnamed", { result: { rt: 1.282, ANCOUNT: 0, abuf: "NSSAhAAAAAAAAAAA" } }],
  ["servfail", { result: { rt: 5, abuf: "NSSAggAAAAAAAAAA" } }],
  ["refused", { result: { rt: 5, abuf: "NSSAhQAAAAAAAAAA" } }],
  ["unnamed", { result: { rt: 5, answers: [{ TYPE: "TXT", RDATA: [7] }, { TYPE: "A", RDATA: "192.0.2.1" }, null] } }],
])("%s is told apart", (outcome, result) => {
  expect(readings({ prb_id: 1, timestamp: 100, ...result })).toMatchObject([{ outcome, name: "" }]);
});

test("each resolver of a probe is a vantage of its own", () => {
  const one = { time: 101, dst_addr: "192.0.2.1", result: { rt: 1, answers: [{ TYPE: "TXT", RDATA: "AMS" }] } };
  const other = { dst_addr: "192.0.2.2", error: { timeout: 5000 } };
  expect(readings({ prb_id: 1, timestamp: 100, resultset: [one, other, "nonsense"] })).toMatchObject([
    { vantage: "1 by 192.0.2.1", time: 101, name: "AMS" },
    { vantage: "1 by 192.0.2.2", time: 100, outcome: "timeout" },
  ]);
});

test.each([[{}], [{ prb_id: "1", timestamp: 100 }], [{ prb_id: 1, timestamp: null }], [{ prb_id: 1, timestamp: Infinity }]])(
  "%j is no reading",
  (result) => {
    expect(readings(result)).toEqual([]);
  },
);

test("all dns results that probes delivered are read, and a message says the same as the probe did", () => {
  const rows = rowsOf("dns.jsonl");
  const all = rows.flatMap(readings);
  expect(all.length).toBeGreaterThan(rows.length);
  for (const row of rows.filter((row) => row["msm_id"] === 1768147)) {
    const { abuf } = row["result"] as { abuf: string };
    expect(parseMessage(abuf)?.text).toBe(readings(row)[0]?.name);
  }
});

test("no message, however it is cut or mangled, is more than unreadable", () => {
  const whole = atob("GzWEAAABAAEAAAAAAmlkBnNlcnZlcgAAEAADwAwAEAADAAAAPAAEA0pOQg==");
  for (let cut = 0; cut < whole.length; cut++) {
    for (const byte of ["\u0000", "\u00ff", "\u00c0"]) parseMessage(btoa(whole.slice(0, cut) + byte + whole.slice(cut + 1)));
    parseMessage(btoa(whole.slice(0, cut)));
  }
  expect(parseMessage("no base64!")).toBeNull();
});
