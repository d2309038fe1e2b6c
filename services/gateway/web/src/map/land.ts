import { geoPath } from "d3-geo";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import address from "world-atlas/countries-110m.json?url";
import { projection } from "./project.ts";
import { Slices } from "./slices.ts";

type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;

let loading: Promise<Path2D[]> | undefined;

/** land gives the outlines of the world's countries in the plane. It is fetched once for all maps; where that fails, the next map tries again. */
export function land(): Promise<Path2D[]> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Path2D[]> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the land has not come: status ${response.status}`);
  const world = (await response.json()) as World;
  const outline = geoPath(projection);
  const slices = new Slices();
  const paths: Path2D[] = [];
  for (const country of feature(world, world.objects.countries).features) {
    const path = outline(country);
    if (path) paths.push(new Path2D(path));
    await slices.pause();
  }
  return paths;
}
