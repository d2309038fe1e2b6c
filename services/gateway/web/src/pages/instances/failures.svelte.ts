import { clock } from "../../frame/clock.svelte.ts";
import type { GatewayError } from "../../frame/errors.ts";
import { token } from "../../frame/token.svelte.ts";
import { letters } from "../../instances/letters.ts";
import { FailureSeries, type Point } from "../../instances/series.ts";
import { Stream } from "../../stream/stream.ts";

const between = 2000; // ms

/** LetterFailures is how much of what is asked of one letter of the root comes back unanswered. */
export class LetterFailures {
  readonly letter: string;
  readonly measurement: number;
  points = $state.raw<readonly Point[]>([]);
  results = $state(0);
  failures = $state(0);
  /** Why the gateway refuses to tell of it. */
  refused = $state.raw<GatewayError | undefined>();
  readonly #series = new FailureSeries();
  readonly #stream: Stream;

  constructor(letter: string, measurement: number) {
    this.letter = letter;
    this.measurement = measurement;
    this.#stream = new Stream(
      { msm: measurement, acceptedFields: ["prb_id", "timestamp", "error", "result.rt"], buffering: true },
      {
        deliver: (deliveries) => deliveries.forEach(({ record }) => this.#series.take(record)),
        state: (state) => (this.refused = state.is === "refused" ? state.error : undefined),
      },
      { token: () => token.value, client: "pages-letters" },
    );
  }

  show(): void {
    this.points = [...this.#series.points];
    this.results = this.#series.results;
    this.failures = this.#series.failures;
  }

  close(): void {
    this.#stream.close();
  }
}

/** AllLetters watches thirteen measurements, until it is closed. */
export class AllLetters {
  readonly all: readonly LetterFailures[];
  readonly began = clock.now;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(isV6: boolean) {
    this.all = letters.map(({ letter, v4, v6 }) => new LetterFailures(letter, isV6 ? v6 : v4));
    this.#timer = setInterval(() => this.all.forEach((one) => one.show()), between);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const one of this.all) one.close();
  }
}

const width = 240;
const [top, bottom] = [1, 29];
const kept = 14_400; // seconds
const usual = 0.2; // a share that fills the height, unless there was a greater one

/** lineOf shares is a point a minute, from the left edge four hours ago to now. */
export function lineOf(points: readonly Point[], now: number): string {
  const shares = points.map(({ time, results, failures }) => ({ time, share: failures / Math.max(1, results) }));
  const most = Math.max(usual, ...shares.map(({ share }) => share));
  const x = (time: number) => (width * (1 - (now - time) / kept)).toFixed(1);
  return shares.map(({ time, share }) => `${x(time)},${(bottom - ((bottom - top) * share) / most).toFixed(1)}`).join(" ");
}
