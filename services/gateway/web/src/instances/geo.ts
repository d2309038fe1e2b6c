/** Point is a place on the earth, in degrees. */
export interface Point {
  readonly lat: number;
  readonly lon: number;
}

const earthRadius = 6371; // km
const degree = Math.PI / 180;

/** distance is the length in km of the great circle between two points. */
export function distance(a: Point, b: Point): number {
  const sinLat = Math.sin(((b.lat - a.lat) * degree) / 2);
  const sinLon = Math.sin(((b.lon - a.lon) * degree) / 2);
  const h = sinLat * sinLat + Math.cos(a.lat * degree) * Math.cos(b.lat * degree) * sinLon * sinLon;
  return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** middle is the point halfway between points that lie near each other: the mean of their vectors. */
export function middle(points: readonly Point[]): Point {
  let x = 0;
  let y = 0;
  let z = 0;
  for (const { lat, lon } of points) {
    x += Math.cos(lat * degree) * Math.cos(lon * degree);
    y += Math.cos(lat * degree) * Math.sin(lon * degree);
    z += Math.sin(lat * degree);
  }
  return { lat: Math.atan2(z, Math.hypot(x, y)) / degree, lon: Math.atan2(y, x) / degree };
}
