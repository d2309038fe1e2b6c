import { readings } from "./reading.ts";
import type { AtlasRecord } from "../stream/record.ts";

const step = 60; // seconds
const length = 240; // steps

/** Point is one minute: how many results, and how many of them without an answer. */
export interface Point {
  readonly time: number;
  results: number;
  failures: number;
}

/** FailureSeries counts what comes back unanswered, minute by minute, for four hours. */
export class FailureSeries {
  readonly points: Point[] = []; // ascending, minutes without a result left out
  results = 0;
  failures = 0;

  take(result: AtlasRecord): void {
    for (const { time, outcome } of readings(result))
      this.#count(Math.floor(time / step) * step, outcome === "timeout" || outcome === "failed");
  }

  #count(time: number, failed: boolean): void {
    const point = this.#point(time);
    if (!point) return; // older than four hours
    point.results++;
    this.results++;
    if (!failed) return;
    point.failures++;
    this.failures++;
  }

  #point(time: number): Point | undefined {
    const at = this.points.findLastIndex((point) => point.time <= time);
    const known = this.points[at];
    if (known?.time === time) return known;
    if (at < 0 && this.points.length >= length) return undefined;
    const point = { time, results: 0, failures: 0 };
    this.points.splice(at + 1, 0, point);
    if (this.points.length > length) this.points.shift();
    return point;
  }
}
