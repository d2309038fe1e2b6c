import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../api/client.ts";
import { api } from "../../frame/api.ts";
import { Facts } from "./facts.svelte.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("why the measurement is not known yet is told until it is", async () => {
  const known = { speed: null, measurement: null } as unknown as Awaited<ReturnType<typeof api.measurement>>;
  vi.spyOn(api, "measurement").mockRejectedValueOnce(new ApiError("unavailable", "the log cannot be read")).mockResolvedValue(known);
  const facts = new Facts();
  facts.askLimit({ msm: 1 }, { from: 0, to: 60 });
  await vi.advanceTimersToNextTimerAsync();
  expect(facts.limitFault).toEqual({ code: "unavailable", words: "the log cannot be read" });
  await vi.advanceTimersToNextTimerAsync();
  expect([facts.measurement, facts.limitFault]).toEqual([null, undefined]);
});
