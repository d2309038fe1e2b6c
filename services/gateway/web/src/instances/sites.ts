import { estimate, type Witness } from "./estimate.ts";
import { distance, type Point } from "./geo.ts";
import { namingOf } from "./naming.ts";
import type { Place } from "./places.ts";

/** Origin says how it is known where a site stands: from a table given with the measurement, by its code, or only from the round trips of its probes. */
export type Origin = "given" | "table" | "estimated" | "unknown";

/** Site is where one or several instances of a service stand. Its code is its key. */
export interface Site {
  readonly code: string;
  title: string;
  /** Whether the name is one that the operator of this service gives; what answers otherwise may be somebody in between. */
  readonly expected: boolean;
  origin: Origin;
  point: Point | null;
}

/** GivenPlaces has the longitude and latitude of sites by their codes, as `instance-cities.json` does. */
export type GivenPlaces = Readonly<Record<string, readonly [lon: number, lat: number]>>;

const mostNames = 5_000; // somebody in between may answer whatever comes to its mind

/** Sites knows the sites of one service by the names of their instances. */
export class Sites {
  readonly #letter: string | null;
  readonly #places: readonly Place[];
  #given: GivenPlaces;
  readonly #byName = new Map<string, Site>();
  readonly #byCode = new Map<string, Site>();
  readonly #meanings = new Map<string, readonly Place[]>();

  constructor(letter: string | null, places: readonly Place[], given: GivenPlaces = {}) {
    this.#letter = letter;
    this.#places = places;
    this.#given = given;
  }

  /** of gives the site of an instance by its name. After so many names, all that are new are one. */
  of(name: string): Site {
    const known = this.#byName.get(name);
    if (known) return known;
    if (this.#byName.size >= mostNames) return this.#named("other names");
    const site = this.#named(name);
    this.#byName.set(name, site);
    return site;
  }

  /** knows tells whether a name has been met, and is kept. */
  knows(name: string): boolean {
    return this.#byName.has(name);
  }

  get(code: string): Site | undefined {
    return this.#byCode.get(code);
  }

  /** give places to sites, those that have been met as well. */
  give(places: GivenPlaces): void {
    this.#given = { ...this.#given, ...places };
    for (const [code, [lon, lat]] of Object.entries(places)) {
      const site = this.#byCode.get(code);
      if (site) Object.assign(site, { origin: "given", point: { lat, lon } });
    }
  }

  /** isUncertain tells whether the name of a site does not say where it stands, or means several places. */
  isUncertain(site: Site): boolean {
    return site.origin !== "given" && this.#meanings.get(site.code)?.length !== 1;
  }

  /** locate places a site that is uncertain by the round trips of its probes. */
  locate(site: Site, witnesses: readonly Witness[]): void {
    const point = estimate(witnesses);
    if (!point || !this.isUncertain(site)) return;
    const meanings = this.#meanings.get(site.code) ?? [];
    const nearest = meanings.toSorted((a, b) => distance(a, point) - distance(b, point))[0];
    site.point = nearest ?? point;
    site.title = nearest?.name ?? site.title;
    site.origin = nearest ? "table" : "estimated";
  }

  #named(name: string): Site {
    const naming = namingOf(name, this.#letter, this.#places);
    const meanings = citiesOf(naming?.places ?? []);
    const code = this.#given[name] ? name : ((meanings.length === 1 ? meanings[0]?.airport : naming?.code) ?? name);
    const known = this.#byCode.get(code);
    if (known) return known;
    const site = this.#placed(code, meanings, naming !== null || this.#letter === null);
    this.#byCode.set(code, site);
    this.#meanings.set(code, meanings);
    return site;
  }

  #placed(code: string, meanings: readonly Place[], expected: boolean): Site {
    const given = this.#given[code];
    if (given) return { code, title: meanings[0]?.name ?? code, expected, origin: "given", point: { lon: given[0], lat: given[1] } };
    const place = meanings[0];
    if (place) return { code, title: place.name, expected, origin: "table", point: { lat: place.lat, lon: place.lon } };
    return { code, title: code, expected, origin: "unknown", point: null };
  }
}

/** Several airports of a city are one place, and the first of them gives it its code. */
function citiesOf(places: readonly Place[]): Place[] {
  return places.filter(({ name, country }, i) => places.findIndex((other) => other.name === name && other.country === country) === i);
}
