import type { Reading } from "./reading.ts";

/** Run is a time in which a vantage was answered by one site and no other. */
export interface Run {
  readonly site: string;
  readonly from: number;
  to: number;
  results: number;
  failures: number;
  /** The longest time in it without an answer. */
  silence: { from: number; to: number };
}

/** Change is that a vantage's site is another than at its result before. */
export interface Change {
  readonly vantage: string;
  readonly probe: number;
  readonly from: string;
  readonly to: string;
  readonly before: number; // the time of the last result from there
  readonly at: number; // and of the first one from here
  readonly rttBefore: number;
  readonly rttAfter: number;
  /** Whether it is back at the site that its last move took it away from. */
  readonly back: boolean;
}

const mostRuns = 40;

/** Track is what one vantage has been answered. */
export class Track {
  readonly vantage: string;
  readonly probe: number;
  readonly runs: Run[] = [];
  name = "";
  rtt = NaN; // of the last answer
  fastest = Infinity; // of the answers of this run
  newest = -Infinity; // time of the last result, with or without an answer
  outcome: Reading["outcome"] = "answered"; // of the last result
  #left = ""; // the site that the last change took it away from

  constructor(vantage: string, probe: number) {
    this.vantage = vantage;
    this.probe = probe;
  }

  /** site is where it is answered; "" where it never was. */
  get site(): string {
    return this.runs.at(-1)?.site ?? "";
  }

  /** answered is when it was last answered. */
  get answered(): number {
    return this.runs.at(-1)?.to ?? -Infinity;
  }

  /** fail counts a result without a name; it says nothing of the site. */
  fail(reading: Reading): void {
    const run = this.runs.at(-1);
    if (run) run.failures++;
    if (reading.time >= this.newest) this.#see(reading);
  }

  /** answer takes a result from a site. One that is older than the last answer changes nothing. */
  answer(reading: Reading, site: string): Change | null {
    const run = this.runs.at(-1);
    if (run && reading.time < run.to) return null;
    this.#see(reading);
    const change = run && run.site !== site ? this.#change(reading, run, site) : null;
    if (run && !change) this.#goOn(run, reading);
    else this.#begin(reading, site);
    if (change) this.#left = change.from;
    this.name = reading.name;
    this.rtt = reading.rtt;
    return change;
  }

  #see(reading: Reading): void {
    this.newest = reading.time;
    this.outcome = reading.outcome;
  }

  #change(reading: Reading, run: Run, site: string): Change {
    const { vantage, probe } = this;
    return {
      ...{ vantage, probe, from: run.site, to: site, before: run.to, at: reading.time },
      ...{ rttBefore: this.rtt, rttAfter: reading.rtt, back: site === this.#left },
    };
  }

  #goOn(run: Run, reading: Reading): void {
    if (reading.time - run.to > run.silence.to - run.silence.from) run.silence = { from: run.to, to: reading.time };
    run.to = reading.time;
    run.results++;
    this.fastest = Math.min(this.fastest, reading.rtt || Infinity);
  }

  #begin(reading: Reading, site: string): void {
    const { time } = reading;
    this.runs.push({ site, from: time, to: time, results: 1, failures: 0, silence: { from: time, to: time } });
    if (this.runs.length > mostRuns) this.runs.shift();
    this.fastest = reading.rtt || Infinity;
  }
}
