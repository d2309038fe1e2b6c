import { clock } from "../../frame/clock.svelte.ts";
import { emptyLink, formatLink } from "../../link/link.ts";
import type { Watched } from "./watched.svelte.ts";

/** lastHourLink leads to a replay of what a measurement brought in the last hour that it ran. */
export function lastHourLink({ measurement, info }: Watched): string {
  const end = info?.stop ?? clock.now;
  return formatLink({ ...emptyLink("replay"), sub: [{ msm: measurement }], from: end - 3600, to: end, t: end - 3600, view: "instances" });
}
