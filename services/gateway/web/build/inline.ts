import { minify } from "terser";
import type { Plugin } from "vite";

/**
 * Puts in its place what is used once, and leaves out what then is not needed: the minifier of the bundler, which follows, does not do that across functions. A getter
 * may have effects: reading a state is how Svelte learns what depends on it.
 */
export function inline(): Plugin {
  const options = { module: true, mangle: false, sourceMap: true, compress: { passes: 3, hoist_funs: true, pure_getters: false } } as const;
  return {
    name: "inline",
    apply: "build",
    async renderChunk(code) {
      const { code: shorter = code, map } = await minify(code, options);
      return { code: shorter, map: map as string };
    },
  };
}
