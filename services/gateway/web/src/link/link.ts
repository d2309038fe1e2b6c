import * as codec from "./codec.ts";

/** What a subscription asks for, as the contract has it: the parameters of `atlas_subscribe`. */
export type Parameters = Record<string, unknown>;

export const pagePaths = { explore: "/", replay: "/replay", instances: "/instances", probes: "/probes" } as const;
export type PageName = keyof typeof pagePaths;

/**
 * What may stand in a link, in this order. A page that needs one more adds a line here; the round trip is tested for all of them.
 * Nothing here may hold a token.
 */
const fields = {
  sub: codec.many(codec.parameters), // subscriptions, which may stand side by side
  from: codec.one(codec.time), // of an interval
  to: codec.one(codec.time),
  t: codec.one(codec.time), // the instant that is shown
  speed: codec.one(codec.speed), // of a replay
  play: codec.one(codec.flag), // whether a replay runs
  view: codec.one(codec.word), // which of a page's views
  zoom: codec.one(codec.word), // which part of a map
  group: codec.one(codec.word), // by what a table is grouped
  colour: codec.one(codec.word), // what colours mean
  open: codec.one(codec.word), // the row that is open
  bucket: codec.one(codec.seconds), // how much of the past "the latest" is
  sites: codec.listed(codec.word), // those that have a colour of their own, in the order of the colours
  find: codec.one(codec.text), // what is looked for in the rows
  watch: codec.listed(codec.word), // countries, ASNs and letters that are watched
  kiosk: codec.one(codec.flag), // without controls, for a wall
};

type Fields = { [name in keyof typeof fields]: codec.Decoded<(typeof fields)[name]> };
export type Link = { page: PageName } & Fields;

/** A link to a page that names nothing else. */
export function emptyLink(page: PageName): Link {
  return parseLink(pagePaths[page], "")?.link as Link;
}

/** What of an address is not as it must be: `speed: got "fast", want …`. */
export type Fault = string;

/** Reads an address. What is wrong in it is left out, and named. There is no link where there is no such page. */
export function parseLink(path: string, search: string): { link: Link; faults: Fault[] } | undefined {
  const page = (Object.keys(pagePaths) as PageName[]).find((name) => pagePaths[name] === path);
  if (page === undefined) return undefined;
  const faults: Fault[] = [];
  const given = new URLSearchParams(search);
  const link: Record<string, unknown> = { page };
  for (const [name, field] of Object.entries(fields)) {
    link[name] = field.parse(given.getAll(name), (fault) => faults.push(`${name}: ${fault}`));
  }
  for (const name of new Set(given.keys())) {
    if (!Object.hasOwn(fields, name)) faults.push(`${name}: no part of a link`);
  }
  return { link: link as Link, faults: [...new Set(faults)] };
}

/** The address of a link, without its origin. */
export function formatLink(link: Link): string {
  const query = Object.entries(fields).flatMap(([name, field]) =>
    (field.format as (value: unknown) => string[])(link[name as keyof Fields]).map((text) => `${name}=${encode(text)}`),
  );
  return pagePaths[link.page] + (query.length > 0 ? `?${query.join("&")}` : "");
}

/** Leaves as they are the characters that a query may have and that make JSON and times legible. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/%(3A|2C|2F|40)/g, (escape) => decodeURIComponent(escape));
}
