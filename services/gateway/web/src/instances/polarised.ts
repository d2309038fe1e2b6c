import type { Catchments } from "./catchments.ts";
import { distance, type Point } from "./geo.ts";
import type { Site } from "./sites.ts";
import type { Track } from "./track.ts";

/** Polarised is a vantage that is answered from much farther away than it would have to be. */
export interface Polarised {
  readonly track: Track;
  readonly site: Site;
  readonly km: number;
  readonly nearest: Site;
  readonly nearestKm: number;
}

const muchFarther = 2_000; // km

type Place = Point & { readonly site: Site; readonly vector: Vector };
type Vector = readonly [number, number, number];

/** polarised are the vantages whose site is more than 2,000 km farther than the nearest site that answers any, the farthest first. */
export function polarised(catchments: Catchments): Polarised[] {
  const places = placesOf(catchments);
  const found: Polarised[] = [];
  for (const track of catchments.tracks.values()) {
    const site = catchments.sites.get(track.site);
    const where = catchments.whereIs(track.probe);
    const nearest = where && nearestOf(places, where);
    if (!site?.point || !nearest || nearest.site === site) continue;
    const [km, nearestKm] = [distance(where, site.point), distance(where, nearest)];
    if (km - nearestKm > muchFarther) found.push({ track, site, km, nearest: nearest.site, nearestKm });
  }
  return found.sort((a, b) => b.km - b.nearestKm - (a.km - a.nearestKm));
}

/** Estimated places are where probes are, so they would always be near. */
function placesOf({ sites, tracks }: Catchments): Place[] {
  const codes = new Set([...tracks.values()].map(({ site }) => site));
  return [...codes].flatMap((code) => {
    const site = sites.get(code);
    return site?.point && site.origin !== "estimated" ? [{ ...site.point, site, vector: vectorOf(site.point) }] : [];
  });
}

/** The nearest is the one with the greatest dot product, which is much quicker to reckon than a distance. */
function nearestOf(places: readonly Place[], where: Point): Place | undefined {
  const [x, y, z] = vectorOf(where);
  let nearest: Place | undefined;
  let most = -Infinity;
  for (const place of places) {
    const [px, py, pz] = place.vector;
    const dot = x * px + y * py + z * pz;
    if (dot > most) [nearest, most] = [place, dot];
  }
  return nearest;
}

const degree = Math.PI / 180;

function vectorOf({ lat, lon }: Point): Vector {
  const around = Math.cos(lat * degree);
  return [around * Math.cos(lon * degree), around * Math.sin(lon * degree), Math.sin(lat * degree)];
}
