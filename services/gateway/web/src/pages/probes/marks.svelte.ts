import type { Outage } from "../../api/types.ts";
import { kept } from "../../frame/settings.svelte.ts";
import { keyOf } from "../../probes/outages.ts";

export type Mark = "acknowledged" | "hidden";

const name = "atlas-stream outages";
const most = 500;

/** What the viewer has marked of outages, in this browser only. */
class Marks {
  #marks = $state.raw<ReadonlyMap<string, Mark>>(stored());

  of(outage: Outage): Mark | undefined {
    return this.#marks.get(keyOf(outage));
  }

  set(outage: Outage, mark: Mark | undefined): void {
    const others = [...this.#marks].filter(([key]) => key !== keyOf(outage)).slice(-most + 1);
    this.#marks = new Map(mark ? [...others, [keyOf(outage), mark] as const] : others);
    kept(() => localStorage.setItem(name, JSON.stringify([...this.#marks])));
  }
}

function stored(): ReadonlyMap<string, Mark> {
  const pairs = kept(() => JSON.parse(localStorage.getItem(name) ?? "[]") as unknown);
  if (!Array.isArray(pairs)) return new Map();
  return new Map(pairs.filter(isPair).slice(-most));
}

function isPair(pair: unknown): pair is [string, Mark] {
  return Array.isArray(pair) && typeof pair[0] === "string" && (pair[1] === "acknowledged" || pair[1] === "hidden");
}

export const marks = new Marks();
