import type { Component } from "svelte";
import type { PageName } from "../link/link.ts";

interface Page {
  title: string;
  load(): Promise<{ default: Component }>;
}

/** The pages. Each is loaded when it is gone to. */
export const pages: Readonly<Record<PageName, Page>> = {
  explore: { title: "Explore", load: () => import("../pages/explore/Explore.svelte") },
  replay: { title: "Replay", load: () => import("../pages/replay/Replay.svelte") },
  instances: { title: "Instances", load: () => import("../pages/instances/Instances.svelte") },
  probes: { title: "Probes", load: () => import("../pages/probes/Probes.svelte") },
};
