// The maps are in the Equal Earth projection: regions have the size that they have, so that a dense one does not only look so.
//
// Everything is projected once, to a plane of which the width is that of the world; a view moves and scales the plane.

/** The width of the world, in the plane's units. */
export const worldWidth = 100_000;

/** The polynomial of Šavrič, Patterson and Jenny: https://doi.org/10.1080/13658816.2018.1504949 */
const [a1, a2, a3, a4] = [1.340264, -0.081106, 0.000893, 0.003796];
const slant = Math.sqrt(3) / 2;
const unitsPerRadius = (worldWidth * slant * a1) / (2 * Math.PI);

/** The height of the world, in the plane's units. */
export const worldHeight = 2 * above(Math.PI / 3);

/** A point in the plane. */
export function project(lat: number, lon: number): readonly [x: number, y: number] {
  const theta = Math.asin(slant * Math.sin(radians(lat)));
  const [t2, t6] = [theta ** 2, theta ** 6];
  const fromMiddle = (radians(lon) * Math.cos(theta)) / (slant * (a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)));
  return [worldWidth / 2 + fromMiddle * unitsPerRadius, worldHeight / 2 - above(theta)];
}

/** How far above the equator that is, in the plane's units. */
function above(theta: number): number {
  const [t2, t6] = [theta ** 2, theta ** 6];
  return theta * (a1 + a2 * t2 + t6 * (a3 + a4 * t2)) * unitsPerRadius;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
