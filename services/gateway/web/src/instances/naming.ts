import type { Place } from "./places.ts";

// How operators name their instances, and what of a name says where it stands.
//
// The letters are those of the DNS root. The patterns follow names that instances have been seen to answer; `services/simulator/rootservers.go` has the same.

/** Find gives the places that parts of a name mean, in capital letters. */
type Find = (places: readonly Place[], ...parts: string[]) => Place[];

interface Pattern {
  readonly form: RegExp;
  readonly find: Find;
}

const airport: Find = (places, code) => places.filter((place) => place.airport === code);
const city: Find = (places, country, locode) => places.filter((place) => place.country === country && same(place.locode, locode));
const locode: Find = (places, code) => places.filter((place) => same(place.locode, code));
const start: Find = (places, letters) => places.filter((place) => same(place.name.slice(0, letters?.length), letters));
const startIn: Find = (places, letters, country) => start(places, letters ?? "").filter((place) => place.country === country);
/** either tries one way of reading a code, and another one where the first knows no place. */
const either =
  (first: Find, second: Find): Find =>
  (places, ...parts) => {
    const found = first(places, ...parts);
    return found.length > 0 ? found : second(places, ...parts);
  };

const patterns: Record<string, Pattern[]> = {
  A: [{ form: /^(?:nnn\d+|rootns)-([a-z]{3})\d+$/, find: either(locode, airport) }],
  B: [{ form: /^b\d+-([a-z]{3})$/, find: airport }],
  C: [{ form: /^([a-z]{3})\d+[a-z]\.c\.root-servers\.org$/, find: airport }],
  D: [{ form: /^([a-z]{2})([a-z]{2})\d+\.droot\.maxgigapop\.net$/, find: startIn }],
  E: [{ form: /^[a-z]\d+\.([a-z]{3})\.eroot$/, find: airport }],
  F: [{ form: /^([a-z]{3})(?:\d+[a-z]|\.cf)\.f\.root-servers\.org$/, find: airport }],
  G: [{ form: /^g\.root-servers-([a-z]{3})-\d+\.net$/, find: either(locode, airport) }],
  H: [{ form: /^\d+\.([a-z]{3})\.h\.root-servers\.org$/, find: airport }],
  I: [{ form: /^s\d+\.([a-z]{3})$/, find: either(start, airport) }],
  J: [{ form: /^rootns\d*-el([a-z]{3})\d+$/, find: airport }],
  K: [{ form: /^ns\d+\.([a-z]{2})-([a-z]{3})\.k\.ripe\.net$/, find: city }],
  L: [{ form: /^([a-z]{2})-([a-z]{3})-[a-z]{2}$/, find: city }],
  M: [{ form: /^m-([a-z]{3})(?:-[a-z0-9]+)+$/, find: airport }],
};

/** What services outside the root do: the bare code of an airport, as the one that measurement 1768147 asks. */
const bare: Pattern = { form: /^([a-z]{3})$/, find: airport };

/** Naming is what a name says: the code of its site, and the places that it may mean, best first. It is null where no operator names instances so. */
export interface Naming {
  readonly code: string;
  readonly places: readonly Place[];
}

/** namingOf reads the name of an instance, by the patterns of one server of the root if it is known which is asked, else by all. */
export function namingOf(name: string, letter: string | null, places: readonly Place[]): Naming | null {
  const lower = name.toLowerCase();
  const candidates = letter === null ? [...Object.values(patterns).flat(), bare] : (patterns[letter] ?? []);
  for (const { form, find } of candidates) {
    const groups = form
      .exec(lower)
      ?.slice(1)
      .map((group) => group.toUpperCase());
    if (groups) return { code: groups.join("-"), places: find(places, ...groups) };
  }
  return null;
}

function same(a: string, b: string | undefined): boolean {
  return a.toUpperCase() === b;
}
