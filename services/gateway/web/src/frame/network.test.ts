import { afterEach, expect, test, vi } from "vitest";

let end: () => void;
afterEach(() => {
  end();
  vi.unstubAllGlobals();
});

test("the gateway is asked once to begin with, and the network after it", async () => {
  const asked: string[] = [];
  vi.stubGlobal("location", { pathname: "/", search: "" });
  vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
  const { network } = await import("./network.svelte.ts");
  await new Promise<void>((resolve) => {
    vi.stubGlobal("fetch", async (path: string) => {
      asked.push(path);
      if (path.startsWith("/api/connections")) resolve();
      return Response.json({ now: 0, outages: [] });
    });
    end = network.watch();
  });
  expect(asked.filter((path) => path === "/api/gateway")).toHaveLength(1);
});
