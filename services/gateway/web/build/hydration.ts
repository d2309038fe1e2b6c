import type { Plugin } from "vite";

const edits = [
  ["export let hydrating = false;", "export const hydrating = false;"],
  ["hydrating = value;", ""],
] as const;

/** What Svelte's compiler calls for markup that a server has made. */
const calls = ["$.reset", "$.next", "$.remove_input_defaults"];

/** Leaves out what takes up markup that a server has made: no page is. Svelte leaves it to the bundler to see that nothing sets `hydrating`, which Rolldown does not. */
export function withoutHydration(): Plugin {
  return {
    name: "without-hydration",
    apply: "build",
    enforce: "pre",
    config: () => ({ build: { rolldownOptions: { treeshake: { manualPureFunctions: calls } } } }),
    transform(code, id) {
      if (!id.endsWith("/svelte/src/internal/client/dom/hydration.js")) return;
      if (!edits.every(([old]) => code.includes(old))) throw new Error(`${id} is another than that of Svelte 5.57`);
      return { code: edits.reduce((text, [old, edited]) => text.replace(old, edited), code), map: null };
    },
  };
}
