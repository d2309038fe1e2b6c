import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "./client.ts";
import { withRetry } from "./retry.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function answering(...answers: (string | ApiError)[]) {
  return vi.fn(async () => {
    const answer = answers.shift();
    if (answer instanceof ApiError) throw answer;
    return answer;
  });
}

const away = new ApiError("unreachable", "the gateway does not answer");
const busy = new ApiError("unavailable", "the log cannot be read", 20);

test("what may pass is told, and asked again, no sooner than the gateway says", async () => {
  const ask = answering(away, busy, "here");
  const told: string[] = [];
  const answer = withRetry(ask, new AbortController().signal, ({ code }) => told.push(code));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told).toEqual(["unreachable", "unavailable"]);
  await vi.advanceTimersByTimeAsync(17_000);
  expect(ask).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await answer).toBe("here");
});

test("what will not pass is asked once", async () => {
  const ask = answering(new ApiError("unknown_measurement", "no measurement 5"), "never");
  await expect(withRetry(ask, new AbortController().signal, () => {})).rejects.toMatchObject({ code: "unknown_measurement" });
  expect(ask).toHaveBeenCalledTimes(1);
});

test("whoever has left asks no more", async () => {
  const left = new AbortController();
  const ask = answering(away, "never");
  const answer = withRetry(ask, left.signal, () => {});
  const end = expect(answer).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(0);
  left.abort();
  await end;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(1);
});
