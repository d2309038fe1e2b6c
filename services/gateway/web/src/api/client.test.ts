import { expect, test } from "vitest";
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
  [new Response("<html>", { status: 502 }), new ApiError("unknown", "status 502")],
])("a refusal has its code", async (answer, error) => {
  const refused = await apiThat(answer)
    .gateway()
    .catch((reason: unknown) => reason);
  expect(refused).toEqual(error);
  expect({ ...(refused as ApiError) }).toEqual({ ...error });
});

test("a gateway that does not answer is told apart", async () => {
  const api = new Api(
    () => "",
    () => Promise.reject(new TypeError("Failed to fetch")),
  );
  await expect(api.probes()).rejects.toMatchObject({ code: "unreachable" });
});
