import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));

/** What may be shipped in the gateway's binary. */
const allowed = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);

/** What socket.io.min.js has inside; the bundler does not see it. */
const inSocketIOClient = ["socket.io-client", "engine.io-client", "engine.io-parser", "socket.io-parser", "@socket.io/component-emitter"];

/** What is shipped but is no package's code. */
const data = "The outlines of countries are made from Natural Earth, which is in the public domain: https://www.naturalearthdata.com/";

export interface Package {
  name: string;
  version: string;
  licence: string;
  text: string;
}

/** Writes THIRD-PARTY.txt, with the licence of every package of which something is in the build, and refuses licences that are not allowed. */
export function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle(_, bundle) {
      const names = new Set(inSocketIOClient);
      for (const id of this.getModuleIds()) {
        const name = packageOf(id);
        if (name !== undefined) names.add(name);
      }
      for (const output of Object.values(bundle)) {
        if (output.type === "asset")
          for (const file of output.originalFileNames) names.add(packageOf(join(modules, "..", "src", file)) ?? "");
      }
      names.delete("");
      const packages = [...names].sort().map((name) => readPackage(join(modules, name)));
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY.txt", source: thirdParty(packages) });
    },
  };
}

/** The package that a module's path lies in: of nested node_modules, the innermost. */
export function packageOf(id: string): string | undefined {
  const inside = id.split("/node_modules/").at(-1);
  if (inside === undefined || inside === id) return undefined;
  const [first, second] = inside.split("/");
  return first?.startsWith("@") ? `${first}/${second}` : first;
}

export function readPackage(folder: string): Package {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (!allowed.has(license)) throw new Error(`${name} ${version} has the licence ${license}; allowed are ${[...allowed].join(", ")}`);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} ${version} comes without the text of its licence`);
  return { name, version, licence: license, text: readFileSync(join(folder, file), "utf8").trim() };
}

export function thirdParty(packages: readonly Package[]): string {
  const heading = "The pages of atlas-stream have parts of these packages in them.";
  const chapters = packages.map(({ name, version, licence, text }) => `${name} ${version} (${licence})\n\n${text}`);
  return [heading, ...chapters, data].join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}
