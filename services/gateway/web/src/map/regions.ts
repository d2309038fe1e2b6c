import { project } from "./project.ts";
import type { Scene } from "./scene.ts";
import { fit, worldView, type Size, type View } from "./view.ts";

/** What of the world a map can show by name: where the spots are, those and the discs, or a part that stays the same. */
export const regions = {
  probes: "the probes",
  all: "probes and sites",
  world: "World",
  africa: "Africa",
  asia: "Asia",
  europe: "Europe",
  "north-america": "North America",
  oceania: "Oceania",
  "south-america": "South America",
} as const;

export type Region = keyof typeof regions;

export function isRegion(name: string | undefined): name is Region {
  return name !== undefined && Object.hasOwn(regions, name);
}

/** South, west, north and east. */
const bounds: Record<Exclude<Region, "probes" | "all" | "world">, readonly [number, number, number, number]> = {
  africa: [-35, -18, 38, 52],
  asia: [-10, 40, 55, 145],
  europe: [35, -11, 66, 35],
  "north-america": [14, -130, 60, -60],
  oceania: [-47, 112, -8, 179],
  "south-america": [-55, -82, 13, -34],
};

export function viewOf(region: Region, scene: Scene, size: Size): View {
  if (region === "probes") return fit(scene.xs, scene.ys, size);
  if (region === "all") return fitAll(scene, size);
  if (region === "world") return worldView(size);
  const [south, west, north, east] = bounds[region];
  const corners = [
    project(south, west),
    project(south, east),
    project(north, west),
    project(north, east),
    project(0, (west + east) / 2),
  ].slice(0, south < 0 && north > 0 ? 5 : 4);
  return fit(
    corners.map(([x]) => x),
    corners.map(([, y]) => y),
    size,
  );
}

function fitAll({ xs, ys, discs }: Scene, size: Size): View {
  const sites = discs.map(({ lat, lon }) => project(lat, lon));
  return fit([...xs, ...sites.map(([x]) => x)], [...ys, ...sites.map(([, y]) => y)], size);
}
