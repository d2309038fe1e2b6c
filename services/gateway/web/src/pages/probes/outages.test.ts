import { expect, test, vi } from "vitest";
import { Api } from "../../api/client.ts";
import { OutageFeed } from "./outages.svelte.ts";

/** A fetch that never answers, unless it is given up. */
const silent = (asked: string[]) =>
  ((path: string, { signal }: RequestInit) => {
    asked.push(path);
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
  }) as typeof fetch;

/** A fetch whose stream says nothing after its beginning. */
const stalled = (asked: string[]) =>
  ((path: string, { signal }: RequestInit) => {
    asked.push(path);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(": hello\n\n"));
        signal?.addEventListener("abort", () => controller.error(signal.reason));
      },
    });
    return Promise.resolve(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
  }) as typeof fetch;

test.each([
  ["no answer", silent],
  ["an answer that stops", stalled],
])("a connection with %s is given up after 40 s, and made anew", async (_, fetcher) => {
  vi.useFakeTimers();
  const asked: string[] = [];
  const feed = new OutageFeed(new Api(() => "", fetcher(asked)), () => {});
  await vi.advanceTimersByTimeAsync(39_000);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked).toHaveLength(2);
  feed.close();
  await vi.advanceTimersByTimeAsync(1);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("a proxy's page is named as what it is", async () => {
  vi.useFakeTimers();
  const api = new Api(
    () => "",
    () => Promise.resolve(new Response("<html>log in", { headers: { "Content-Type": "text/html" } })),
  );
  const feed = new OutageFeed(api, () => {});
  await vi.advanceTimersByTimeAsync(1);
  expect(feed.fault).toMatchObject({ code: "unreadable", words: expect.stringContaining("<html>log in") as string });
  feed.close();
  vi.useRealTimers();
});
