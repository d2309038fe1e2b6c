import type { GivenPlaces } from "../../instances/sites.ts";

const mostPlaces = 5_000;

/** placesIn reads a file of places: longitude and latitude by the code of a site. A text is what is wrong with it. */
export function placesIn(text: string): GivenPlaces | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "The file is no JSON.";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "The file has no object of codes.";
  const entries = Object.entries(value);
  if (entries.length > mostPlaces) return `The file has ${entries.length} places; ${mostPlaces} are allowed.`;
  const wrong = entries.find(([, place]) => !isPlace(place));
  if (wrong) return `${wrong[0]}: got ${JSON.stringify(wrong[1])}, want [longitude, latitude] in degrees.`;
  return Object.fromEntries(entries) as GivenPlaces;
}

function isPlace(place: unknown): boolean {
  if (!Array.isArray(place) || place.length !== 2) return false;
  const [lon, lat] = place as unknown[];
  return typeof lon === "number" && typeof lat === "number" && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}

const name = (measurement: number) => `atlas-stream places ${measurement}`;

export function storePlaces(storage: Storage, measurement: number, places: GivenPlaces): void {
  storage.setItem(name(measurement), JSON.stringify(places));
}

/** storedPlaces are those that the viewer has given before. */
export function storedPlaces(storage: Storage, measurement: number): GivenPlaces {
  const places = placesIn(storage.getItem(name(measurement)) ?? "{}");
  return typeof places === "string" ? {} : places;
}
