import { expect, test } from "vitest";
import { Catchments } from "./catchments.ts";
import { agreementOf, pairsOf } from "./pairs.ts";
import { siteRows } from "./rows.ts";

const when = { now: 1000, bucket: 240, since: 0 };

function answeredBy(sites: Record<number, string>): Catchments {
  const catchments = new Catchments({ interval: 240 });
  const answer = (site: string) =>
    site === "" ? { error: { timeout: 5000 } } : { result: { rt: 5, answers: [{ TYPE: "TXT", RDATA: [site] }] } };
  catchments.take(Object.entries(sites).map(([probe, site]) => ({ prb_id: Number(probe), timestamp: 990, ...answer(site) })));
  return catchments;
}

test("sites are paired, also those that only one version of IP reaches", () => {
  const [v4, v6] = [answeredBy({ 1: "ams", 2: "ams", 3: "lhr" }), answeredBy({ 1: "ams", 4: "nrt", 5: "nrt", 6: "nrt", 7: "nrt" })];
  const pairs = pairsOf(siteRows(v4, when), siteRows(v6, when));
  expect(pairs.map(({ key, first, second }) => [key, first?.probes, second?.probes])).toEqual([
    ["NRT", undefined, 4],
    ["AMS", 2, 1],
    ["LHR", 1, undefined],
  ]);
});

test("probes that have an answer in both measurements agree on the site, or not", () => {
  const [v4, v6] = [answeredBy({ 1: "ams", 2: "ams", 3: "lhr", 4: "" }), answeredBy({ 1: "ams", 2: "nrt", 4: "ams", 5: "lhr" })];
  expect(agreementOf(v4, v6)).toEqual({ both: 2, same: 1 });
});
