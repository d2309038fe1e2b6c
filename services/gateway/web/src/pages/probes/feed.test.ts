import { expect, test } from "vitest";
import { Feed } from "./feed.svelte.ts";

const lost = { prb_id: 7, event: "disconnect", timestamp: 1000 };

test("what begins anew knows nothing of before, and goes on telling who watches", () => {
  const feed = new Feed(() => 2000, 900);
  const told: (number[] | undefined)[] = [];
  feed.watch((probes) => told.push(probes && [...probes]));
  feed.take([lost]);
  expect(feed.states.probes.get(7)?.standing).toBe("disconnected");
  feed.begin(500);
  expect([feed.states.probes.size, feed.newest, feed.activity.since]).toEqual([0, undefined, 500]);
  feed.take([{ ...lost, event: "connect", timestamp: 600 }]); // which is older than what was known before
  expect(feed.states.probes.get(7)?.standing).toBe("connected");
  expect(told).toEqual([[7], undefined, [7]]);
  feed.close();
});
