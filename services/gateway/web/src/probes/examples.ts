import type { Outage } from "../api/types.ts";

const start = Date.UTC(2015, 2, 27, 11, 52, 7) / 1000;

/** An outage for tests: 51 of 53 probes of three countries. */
export function exampleOutage(changes: Partial<Outage> = {}): Outage {
  return {
    id: 7,
    revision: 3,
    kind: "outage",
    state: "on",
    flap: false,
    start,
    end: null,
    recovered50: null,
    recovered90: null,
    score: 41.7,
    lost: 51,
    of: 53,
    units: [
      { kind: "country", name: "NL", start, lost: 38, of: 39, expected: 0.02, rate: 2.1, score: 41.7 },
      { kind: "country", name: "BE", start, lost: 11, of: 12, expected: 0.01, rate: 0.4, score: 20 },
      { kind: "country", name: "LU", start, lost: 2, of: 2, expected: 0.01, rate: 0.1, score: 9 },
    ],
    countries: [
      { name: "NL", lost: 38 },
      { name: "BE", lost: 11 },
      { name: "LU", lost: 2 },
    ],
    asns: [
      { name: "AS1136", lost: 14 },
      { name: "AS33915", lost: 13 },
      { name: "AS6830", lost: 9 },
      { name: "AS5432", lost: 8 },
    ],
    probes: Array.from({ length: 51 }, (_, i) => ({ id: 100 + i, down: start + (i % 21), back: i < 26 ? start + 600 + i : null })),
    ...changes,
  };
}
