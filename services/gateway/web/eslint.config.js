import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["dist/", "node_modules/", "page/"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  prettier,
  ...svelte.configs.prettier,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "no-eval": "error",
      "svelte/no-at-html-tags": "error", // what comes from the stream is text
      "svelte/prefer-svelte-reactivity": "off", // most sets are of one function only
      "no-restricted-syntax": [
        "error",
        { selector: "SvelteAttribute[key.name='style']", message: "The Content-Security-Policy blocks it: write style:width={…}." },
        { selector: "SvelteSpreadAttribute", message: "It takes 1 kB of Svelte's runtime: write each attribute." },
      ],
      "svelte/no-navigation-without-resolve": "off", // it is about SvelteKit's router
    },
  },
);
