import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    runes: true,
    fragments: "tree", // elements are created one by one, as no text may become markup
    cssHash: ({ hash, filename }) => `s${hash(filename).slice(-4)}`,
  },
};
