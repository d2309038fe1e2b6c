import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

/** Brings the browser build of socket.io-client, which the gateway serves to every page of the world as /socket.io.js. */
export function socketIOClient(): Plugin {
  const path = new URL("../node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url);
  return {
    name: "socket.io-client",
    apply: "build",
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: "socket.io.min.js", source: await readFile(path, "utf8") });
    },
  };
}
