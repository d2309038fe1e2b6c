import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { AtlasRecord } from "./record.ts";
import { summaryOf, targetOf, whereOf } from "./summary.ts";

/** Real results, as probes sent them. */
function real(type: string): AtlasRecord[] {
  const file = new URL(`../../../../../pkg/atlas/testdata/${type}.jsonl.gz`, import.meta.url);
  return gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as AtlasRecord);
}

test.each(["ping", "traceroute", "dns", "sslcert", "http", "ntp", "wifi"])("every real result of %s is summarised", (type) => {
  const summaries = real(type).map((record) => summaryOf(record));
  for (const { text } of summaries) {
    expect(text).not.toMatch(/undefined|NaN|\[object|^$|-1\.0 ms/);
    expect(text.length).toBeLessThanOrEqual(201);
  }
  expect(summaries.some(({ bad }) => !bad)).toBe(true);
});

test("the instances of 1768147 are counted by what their summaries begin with", () => {
  const counts: Record<string, number> = {};
  for (const record of real("dns").filter(({ msm_id }) => msm_id === 1768147)) {
    const instance = /^([A-Z]{3}), /.exec(summaryOf(record).text)?.[1];
    if (instance !== undefined) counts[instance] = (counts[instance] ?? 0) + 1;
  }
  expect(counts).toEqual({ LHR: 1251, JNB: 1006, HKG: 214, AMS: 115, CDG: 109, FRA: 47, WAW: 24, SIN: 5 });
});

test.each<[AtlasRecord, string, boolean]>([
  [{ type: "ping", sent: "3", rcvd: "3", avg: "58.042", min: "57.876", max: "58.272" }, "58.0 ms (57.9 ms to 58.3 ms)", false],
  [{ type: "ping", sent: 3, rcvd: 1, avg: 27.3, min: 27.3, max: 27.3 }, "27.3 ms, 2 of 3 lost", true],
  [{ type: "ping", sent: 3, rcvd: 0, avg: -1 }, "no answer to 3 packets", true],
  [
    { type: "traceroute", dst_addr: "1.1.1.1", result: [{ hop: 9, result: [{ x: "*" }, { from: "1.1.1.1", rtt: 12.3 }] }] },
    "9 hops, 12.3 ms",
    false,
  ],
  [{ type: "traceroute", result: [{ hop: 255, result: [{ x: "*" }] }] }, "did not arrive, 1 hops seen", true],
  [{ type: "traceroute", result: [{ error: "name resolution failed" }] }, "name resolution failed", true],
  [{ type: "dns", error: { timeout: 5000 } }, "no answer: timeout 5000", true],
  [{ type: "dns", result: { answers: [{ RDATA: ["ns1.nl-ams.k.ripe.net"] }], rt: 65.7 } }, "ns1.nl-ams.k.ripe.net, 65.7 ms", false],
  [{ type: "dns", result: { answers: [{ RDATA: "JNB" }], rt: 165.7 } }, "JNB, 166 ms", false],
  [{ type: "dns", result: { abuf: "AAAAAgAA", ANCOUNT: 0, rt: 3 } }, "SERVFAIL, 0 answers, 3.0 ms", true],
  [{ type: "dns", resultset: [{ result: { rt: 5 } }, { error: { timeout: 5000 } }] }, "5.0 ms; 2 resolvers, 1 without an answer", true],
  [{ type: "sslcert", ver: "1.2", rt: 65.9, cert: ["x"] }, "TLS 1.2, 1 certificate, 65.9 ms", false],
  [{ type: "sslcert", err: "connect: timeout" }, "connect: timeout", true],
  [{ type: "http", result: "GET4 193.0.6.139 0.030229 200 263 1406" }, "status 200, 30.2 ms", false],
  [{ type: "http", result: [{ res: 404, rt: 5, bsize: 1000 }] }, "status 404, 1,000 bytes, 5.0 ms", true],
  [{ type: "ntp", result: [{ x: "*" }, { rtt: 0.0219, offset: -8.36 }] }, "−8.360 s, 21.9 ms", false],
  [
    { type: "wifi", wpa_supplicant: { ssid: "guestnet", wpa_state: "COMPLETED", "connect-time": "2" } },
    "guestnet, COMPLETED, connected in 2 s",
    false,
  ],
  [{ type: "wifi", error: "wpa timeout" }, "wpa timeout", true],
  [{ type: "connection", event: "disconnect", controller: "ctr-ams01" }, "disconnected from ctr-ams01", true],
  [{ type: "new", n: 1 }, '{"type":"new","n":1}', false],
  [{ id: 5 }, '{"id":5}', false],
])("%j", (record, text, bad) => {
  expect(summaryOf(record)).toMatchObject({ text, bad });
});

const nothing: unknown[] = [null, 0, "", [], {}, { toString: 1, valueOf: 1 }, [[[]]], [null], true, Infinity, "\ud800", { length: 5 }];

test("no type of member breaks a summary", () => {
  const names = [
    "sent",
    "rcvd",
    "avg",
    "min",
    "max",
    "result",
    "resultset",
    "error",
    "cert",
    "alert",
    "ver",
    "rt",
    "event",
    "controller",
    "probe",
    "dst_name",
    "dst_addr",
    "uri",
    "wpa_supplicant",
  ];
  for (const type of ["ping", "traceroute", "dns", "sslcert", "http", "ntp", "wifi", "connection", "toString", "__proto__", null, {}]) {
    for (const value of nothing) {
      const record = Object.fromEntries([["type", type], ...names.map((name) => [name, value])]) as AtlasRecord;
      expect(typeof summaryOf(record).text + whereOf(record) + targetOf(record)).toContain("string");
    }
  }
});

test("where a probe is comes from the registry", () => {
  expect(whereOf({ probe: { country_code: "ZA", asn_v4: 37, asn_v6: null } })).toBe("ZA AS37");
  expect(whereOf({ asn: 3333 })).toBe("AS3333");
  expect(whereOf({})).toBe("");
});
