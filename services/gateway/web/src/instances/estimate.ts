import { middle, type Point } from "./geo.ts";

/** Witness is a probe that a site has answered: where it stands, and its best round trip in ms. */
export interface Witness extends Point {
  readonly rtt: number;
}

const fastest = 5;
const leastWitnesses = 3;
const farthest = 30; // ms: from 3,000 km away a probe no longer says where

/** estimate is where a site stands as far as its probes can tell: between those that it answers fastest. It is null where none is near. */
export function estimate(witnesses: readonly Witness[]): Point | null {
  const near = witnesses.filter(({ rtt }) => rtt <= farthest).sort((a, b) => a.rtt - b.rtt);
  if (near.length < leastWitnesses) return null;
  return middle(near.slice(0, fastest));
}
