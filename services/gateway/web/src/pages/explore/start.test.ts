import { EventEmitter } from "node:events";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.unstubAllGlobals());

test("the measurement that the page begins with is asked for once", async () => {
  const asked: string[] = [];
  const address = { origin: "", pathname: "/", search: "" };
  vi.stubGlobal("location", address);
  vi.stubGlobal("history", { replaceState: (_: unknown, __: unknown, to: string) => (address.search = to.slice(1)) });
  vi.stubGlobal("document", { hidden: true }); // which draws nothing
  vi.stubGlobal("io", () => Object.assign(new EventEmitter(), { io: new EventEmitter(), off() {}, disconnect() {} }));
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    return Response.json({ measurement: { id: 1001, stopped: false } });
  });
  const { Explore } = await import("./explore.svelte.ts");
  const { place } = await import("../../frame/location.svelte.ts");
  const explore = new Explore();
  await explore.start(new AbortController().signal);
  explore.follow(place.link.sub);
  expect(explore.current?.parameters).toEqual({ msm: 1001 });
  expect(explore.current?.measurement).toMatchObject({ id: 1001 });
  explore.current?.renew(); // it may have changed by now
  explore.close();
  expect(asked).toEqual(["/api/measurements/1001", "/api/measurements/1001"]);
});
