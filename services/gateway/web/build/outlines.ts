import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { geoEqualEarth, geoPath, type GeoPermissibleObjects } from "d3-geo";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import type { Plugin } from "vite";
import { worldWidth } from "../src/map/project.ts";

const source = fileURLToPath(new URL("../node_modules/world-atlas/countries-110m.json", import.meta.url));
const resolved = "\0virtual:outlines";

/** The projection of src/map/project.ts, with what only lines need: they are cut where the map ends, and bend. */
export const projection = geoEqualEarth()
  .fitWidth(worldWidth, { type: "Sphere" })
  .precision(worldWidth / 20_000);

/** Makes virtual:outlines. Countries are projected when the pages are built, so that no browser has to know how. */
export function outlines(): Plugin {
  let isServing = false;
  return {
    name: "outlines",
    configResolved: ({ command }) => void (isServing = command === "serve"),
    resolveId: (id) => (id === "virtual:outlines" ? resolved : undefined),
    load(id) {
      if (id !== resolved) return;
      const text = countryPaths().join("\n");
      if (isServing) return `export default URL.createObjectURL(new Blob([${JSON.stringify(text)}]))`;
      const file = this.emitFile({ type: "asset", name: "outlines.txt", source: text, originalFileName: source });
      return `export default import.meta.ROLLUP_FILE_URL_${file}`;
    },
  };
}

export function countryPaths(): string[] {
  const world = JSON.parse(readFileSync(source, "utf8")) as Topology<{ countries: GeometryCollection }>;
  return feature(world, world.objects.countries).features.map(pathOf);
}

/** The outline as SVG writes a path, in whole units and from point to point, which is short. */
function pathOf(country: GeoPermissibleObjects): string {
  let path = "";
  let [left, top] = [0, 0];
  const write = (command: string, x: number, y: number, from: readonly [number, number]) => {
    [left, top] = [Math.round(x), Math.round(y)];
    path += `${command}${left - from[0]} ${top - from[1]}`;
  };
  geoPath(projection, {
    beginPath: () => {},
    moveTo: (x, y) => write("M", x, y, [0, 0]),
    lineTo: (x, y) => write("l", x, y, [left, top]),
    closePath: () => void (path += "z"),
    arc: () => {},
  })(country);
  return path;
}
