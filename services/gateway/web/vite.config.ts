/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { chunksOf } from "./build/chunks.ts";
import { gzipSiblings } from "./build/gzip.ts";
import { withoutHydration } from "./build/hydration.ts";
import { inline } from "./build/inline.ts";
import { licences } from "./build/licences.ts";
import { outlines } from "./build/outlines.ts";
import { socketIOClient } from "./build/socketio.ts";

// For `npx vite`: where the stream and the read API are.
const gateway = process.env["ATLAS_GATEWAY"] ?? "http://localhost:8080";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Nothing is inlined: the gateway's Content-Security-Policy allows no script, style or data: address in the page itself.
export default defineConfig({
  root: here("src"),
  plugins: [
    svelte({ configFile: here("svelte.config.js") }),
    socketIOClient(),
    outlines(),
    withoutHydration(),
    inline(),
    licences(),
    gzipSiblings(),
  ],
  build: {
    outDir: here("dist"),
    emptyOutDir: false, // it has a README.md of its own; `npm run build` takes away old assets
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    target: "es2024",
    rolldownOptions: { output: { codeSplitting: { groups: chunksOf(here("src/")) } } },
  },
  // src/ has folders of the same names.
  server: {
    proxy: {
      "^/api/[^.]*$": gateway,
      "/socket.io.js": gateway,
      "^/stream/(socket\\.io/.*)?(\\?.*)?$": { target: gateway, ws: true },
    },
  },
  test: { root: here("."), include: ["src/**/*.test.ts", "build/**/*.test.ts"], testTimeout: 60_000 },
});
