import { expect, test } from "vitest";
import { chunksOf } from "./chunks.ts";

test("a module has its chunk by where it is in the sources, and not by where these are", () => {
  const chunks = chunksOf("/home/src/main/web/src/");
  const chunkOf = (module: string) => chunks.find(({ test }) => test(module))?.name;
  expect(chunkOf("/home/src/main/web/src/frame/App.svelte")).toBe("index");
  expect(chunkOf("/home/src/main/web/node_modules/svelte/src/index.js")).toBe("index");
  expect(chunkOf("/home/src/main/web/src/map/scene.ts")).toBe("drawing");
  expect(chunkOf("/home/src/main/web/src/pages/probes/Probes.svelte")).toBe("views");
  expect(chunkOf("/home/src/main/web/src/pages/replay/Replay.svelte")).toBeUndefined();
});
