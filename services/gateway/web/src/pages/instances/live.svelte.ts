import { clock } from "../../frame/clock.svelte.ts";
import { token } from "../../frame/token.svelte.ts";
import type { GatewayError } from "../../frame/errors.ts";
import type { Parameters } from "../../link/link.ts";
import type { AtlasRecord } from "../../stream/record.ts";
import type { Pace } from "../../stream/silence.ts";
import type { Gap, StreamState } from "../../stream/state.ts";
import { Stream } from "../../stream/stream.ts";
import type { Live } from "./chipstate.ts";
import type { Feed } from "./feed.svelte.ts";

/** What of a result the view reads. */
export const acceptedFields = ["prb_id", "timestamp", "error", "result.rt", "result.abuf", "result.answers", "resultset"];

const mostWaiting = 20_000; // results

/** Subscription feeds a view with what comes live, and knows how it stands. */
export class Subscription {
  stream = $state.raw<StreamState>({ is: "connecting" });
  paused = $state(false);
  waiting = $state(0);
  /** How many of those that waited were let go. */
  letGo = $state(0);
  complaint = $state.raw<GatewayError | undefined>();
  gaps = $state.raw<readonly Gap[]>([]);
  #back = $state.raw<Live["back"]>();
  #newest: number | undefined;
  #heardAt = clock.current();
  readonly #feed: Feed;
  readonly #stream: Stream;
  #held: AtlasRecord[] = [];

  constructor(measurement: number, filters: Parameters, feed: Feed) {
    this.#feed = feed;
    this.#stream = new Stream(
      { ...filters, msm: measurement, acceptedFields, cursor: "", sendBacklog: true, buffering: true },
      {
        deliver: (deliveries) => this.#deliver(deliveries.map(({ record }) => record)),
        state: (state) => this.#become(state),
        back: (missed) => (this.#back = { at: clock.current(), missed }),
        gap: (gap) => (this.gaps = [...this.gaps, gap].slice(-mostGaps)),
        complain: (error) => (this.complaint = error),
      },
      { token: () => token.value, client: "pages-instances" },
    );
  }

  /** How it stands, for the chip. */
  live({ every, interval }: Pace): Live {
    const { stream, paused, waiting } = this;
    return { stream, paused, waiting, newest: this.#newest, heardAt: this.#heardAt, back: this.#back, every, interval };
  }

  /** pause keeps what comes until it goes on. */
  pause(): void {
    this.paused = !this.paused;
    if (this.paused) return;
    this.#feed.take(this.#held);
    this.#held = [];
    this.waiting = this.letGo = 0;
  }

  retry(): void {
    this.#stream.retry();
  }

  /** To be called when the page is looked at again. */
  check(): void {
    this.#stream.check();
  }

  close(): void {
    this.#stream.close();
  }

  #deliver(results: AtlasRecord[]): void {
    this.#heardAt = clock.current();
    for (const { timestamp } of results) if (typeof timestamp === "number") this.#newest = Math.max(this.#newest ?? 0, timestamp);
    if (!this.paused) return this.#feed.take(results);
    this.#held.push(...results);
    const over = Math.max(0, this.#held.length - mostWaiting);
    this.#held.splice(0, over);
    this.letGo += over;
    this.waiting = this.#held.length;
  }

  #become(state: StreamState): void {
    this.stream = state;
    this.#heardAt = clock.current();
    if (state.is === "live") this.complaint = undefined;
  }
}

const mostGaps = 20;
