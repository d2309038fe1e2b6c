import { expect, test, vi } from "vitest";
import { Api, ApiError } from "./client.ts";

function apiThat(answers: Response, seen: Request[] = []): Api {
  return new Api(
    () => "secret",
    async (path, init) => {
      seen.push(new Request(new URL(String(path), "http://gateway.example"), init));
      return answers;
    },
  );
}

const json = (value: unknown, status = 200, headers = {}) => new Response(JSON.stringify(value), { status, headers });

test("a question has the token in a header and no empty parameter", async () => {
  const seen: Request[] = [];
  const answer = await apiThat(json({ measurements: [] }), seen).measurements({ q: "K-root & co", type: "", limit: 5 });
  expect(answer).toEqual({ measurements: [] });
  expect(seen[0]?.url).toBe("http://gateway.example/api/measurements?q=K-root+%26+co&limit=5");
  expect(seen[0]?.headers.get("Authorization")).toBe("Bearer secret");
});

test.each([
  [json({ error: "[too_many_messages] wait" }, 429, { "Retry-After": "7" }), new ApiError("too_many_messages", "wait", 7)],
  [new Response("404 page not found", { status: 404 }), new ApiError("absent", "this gateway has no such path")],
  [
    new Response(" <html>\n<h1>Bad Gateway</h1>", { status: 502, headers: { "Content-Type": "text/html; charset=utf-8" } }),
    new ApiError("unreadable", 'got status 502, text/html, "<html> <h1>Bad Gateway</h1>"; want JSON of the gateway'),
  ],
  [json(null, 500), new ApiError("unreadable", 'got status 500, text/plain, "null"; want JSON of the gateway')],
  [
    new Response("<html>log in first", { headers: { "Content-Type": "text/html" } }),
    new ApiError("unreadable", 'got status 200, text/html, "<html>log in first"; want JSON of the gateway'),
  ],
])("a refusal has its code", async (answer, error) => {
  const refused = await apiThat(answer)
    .gateway()
    .catch((reason: unknown) => reason);
  expect(refused).toEqual(error);
  expect({ ...(refused as ApiError) }).toEqual({ ...error });
});

const unserved = () => json({ error: '[unknown_path] path: got "/api/outages", want one of those that …' }, 404);

test("a path that the gateway does not have is asked for once", async () => {
  let asked = 0;
  const api = new Api(
    () => "",
    () => Promise.resolve((asked++, unserved())),
  );
  for (const ask of [() => api.outages(), () => api.outages({ at: 5 }), () => api.outages()]) {
    await expect(ask()).rejects.toMatchObject({ code: "absent" });
  }
  expect(asked).toBe(1);
  for (const id of [1, 2]) await expect(api.measurement(id)).rejects.toMatchObject({ code: "absent" });
  expect(asked).toBe(2);
});

test("a gateway that reads its log for others is asked again, later each time", async () => {
  vi.useFakeTimers();
  const busy = () => json({ error: "[too_many_reads] 4 of 4" }, 429, { "Retry-After": "5" });
  const answers = [busy(), busy(), json({ buckets: [] })];
  const api = new Api(
    () => "",
    () => Promise.resolve(answers.shift() ?? busy()),
  );
  const volume = api.volume({ msm: 1, from: 0 });
  await vi.advanceTimersByTimeAsync(4_999);
  expect(answers).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await volume).toEqual({ buckets: [] });

  const given = api.volume({ msm: 1, from: 0 }).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await given).toMatchObject({ code: "too_many_reads" });

  const left = new AbortController();
  const aborted = api.volume({ msm: 1, from: 0 }, left.signal).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(1);
  left.abort();
  expect(await aborted).toBe(left.signal.reason);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("a gateway that does not answer is told apart", async () => {
  const api = new Api(
    () => "",
    () => Promise.reject(new TypeError("Failed to fetch")),
  );
  await expect(api.probes()).rejects.toMatchObject({ code: "unreachable" });
});
