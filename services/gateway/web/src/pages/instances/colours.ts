import type { Catchments } from "../../instances/catchments.ts";
import { distance } from "../../instances/geo.ts";
import type { Track } from "../../instances/track.ts";

/** What colours mean: which site answers, how long it takes, or how far away it is. */
export const colourings = { instance: "site", rtt: "round trip", distance: "distance" } as const;
export type Colouring = keyof typeof colourings;

/** colouringOf reads what a link says. */
export function colouringOf(word: string | undefined): Colouring {
  return Object.hasOwn(colourings, word ?? "") ? (word as Colouring) : "instance";
}

const categories = 8;
const linkable = /^[\w.:-]{1,100}$/; // as a word of a link
const rampSteps = 6;

/** The map's colours: those of the sites, grey for all others, the steps of a ramp, what is beside what is looked at, and moves. */
export const palette: readonly string[] = [
  ...Array.from({ length: categories }, (_, i) => `var(--site-${i + 1})`),
  "var(--site-other)",
  ...Array.from({ length: rampSteps }, (_, i) => `var(--ramp-${i + 1})`),
  "var(--dimmed)",
  "var(--move)",
];
const other = categories;
const ramp = categories + 1;
export const dimmed = ramp + rampSteps;
export const moved = dimmed + 1;

export const rttSteps: readonly number[] = [10, 30, 60, 100, 200]; // ms
export const distanceSteps: readonly number[] = [500, 1_000, 2_000, 5_000, 10_000]; // km

/** SiteColours gives the largest sites a colour each, which they keep. */
export class SiteColours {
  readonly #of = new Map<string, number>();

  /** The sites of a link have the colours that they had for who sent it. */
  constructor(codes: readonly string[] = []) {
    this.assign(codes);
  }

  /** assign colours to sites that have none, as far as there are any left; the first goes first. */
  assign(codes: Iterable<string>): void {
    for (const code of codes) if (!this.#of.has(code) && this.#of.size < categories) this.#of.set(code, this.#of.size);
  }

  /** Sites that have a colour, in the order of the palette. */
  get codes(): string[] {
    return [...this.#of.keys()];
  }

  /** The same for a link. What cannot stand in one, as answers may call themselves anything, leaves its colour free there. */
  get linked(): string[] {
    return this.codes.map((code, index) => (linkable.test(code) ? code : `-${index}`));
  }

  of(code: string): number {
    return this.#of.get(code) ?? other;
  }

  css(code: string): string {
    return palette[this.of(code)] ?? "";
  }
}

/** stepOf a number tells between which steps it is, as an index of the palette. */
export function stepOf(value: number, steps: readonly number[]): number {
  if (Number.isNaN(value)) return other;
  const step = steps.findIndex((most) => value <= most);
  return ramp + (step < 0 ? steps.length : step);
}

/** colourOf the spot of a vantage, as an index of the palette. */
export function colourOf(track: Track, colouring: Colouring, catchments: Catchments, sites: SiteColours): number {
  if (colouring === "instance") return sites.of(track.site);
  if (colouring === "rtt") return stepOf(track.rtt, rttSteps);
  return stepOf(kmOf(track, catchments), distanceSteps);
}

/** kmOf is how far from a vantage its site stands. */
export function kmOf(track: Track, catchments: Catchments): number {
  const from = catchments.whereIs(track.probe);
  const to = catchments.sites.get(track.site)?.point;
  return from && to ? distance(from, to) : NaN;
}

/** The steps of a ramp with their colours, for a legend: "≤ 10", …, "> 200". */
export function legendOf(steps: readonly number[]): { colour: string; words: string }[] {
  const number = new Intl.NumberFormat("en");
  const words = [...steps.map((most) => `≤ ${number.format(most)}`), `> ${number.format(steps.at(-1) ?? 0)}`];
  return words.map((words, i) => ({ words, colour: palette[ramp + i] ?? "" }));
}
