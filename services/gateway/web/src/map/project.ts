import { geoEqualEarth, type GeoProjection } from "d3-geo";

// The maps are in the Equal Earth projection: regions have the size that they have, so that a dense one does not only look so.
//
// Everything is projected once, to a plane of which the width is that of the world; a view moves and scales the plane.

/** The width of the world, in the plane's units. */
export const worldWidth = 1000;

export const projection: GeoProjection = geoEqualEarth().fitWidth(worldWidth, { type: "Sphere" }).precision(0.05);

const [, bottom] = projection([0, -90]) ?? [0, 0];

/** The height of the world, in the plane's units. */
export const worldHeight = bottom;

/** A point in the plane. */
export function project(lat: number, lon: number): readonly [x: number, y: number] {
  const point = projection([lon, lat]);
  return point ? [point[0], point[1]] : [NaN, NaN];
}
