import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const compressible = /\.(js|css|json|svg|map|html|txt)$/;

/** Writes FILE.gz beside each file that it makes smaller: the gateway serves those, as it compresses nothing itself. */
export function gzipSiblings(): Plugin {
  return {
    name: "gzip-siblings",
    apply: "build",
    async writeBundle({ dir }) {
      if (dir === undefined) return;
      const files = await readdir(dir, { recursive: true });
      await Promise.all(files.filter((file) => compressible.test(file)).map((file) => compress(join(dir, file))));
    },
  };
}

/** In how many blocks a file is compressed: which is best differs from file to file. */
const memLevels = [6, 7, 8, 9];

async function compress(path: string): Promise<void> {
  const content = await readFile(path);
  const [smallest] = memLevels.map((memLevel) => gzipSync(content, { level: 9, memLevel })).sort((a, b) => a.length - b.length);
  if (smallest) await writeFile(`${path}.gz`, smallest);
}
