import { expect, test } from "vitest";
import { Feed } from "./feed.svelte.ts";

const answer = (timestamp: number) => ({ prb_id: 7, timestamp, result: { rt: 5, answers: [{ TYPE: "TXT", RDATA: ["ams1"] }] } });

test("what begins anew knows nothing of before, means the same by it, and goes on telling who watches", () => {
  const feed = new Feed({ interval: 240 }, 900);
  const told: number[][] = [];
  feed.watch((probes) => told.push([...probes]));
  feed.take([answer(1000)]);
  feed.begin(500);
  expect([feed.catchments.probes.size, feed.opened]).toEqual([0, 500]);
  feed.take([answer(600)]);
  expect([feed.catchments.probes.size, feed.catchments.interval]).toEqual([1, 240]);
  expect(told).toEqual([[7], [7]]);
  feed.close();
});
