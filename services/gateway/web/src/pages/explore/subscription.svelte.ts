import { ApiError } from "../../api/client.ts";
import type { Measurement } from "../../api/types.ts";
import { api } from "../../frame/api.ts";
import { clock } from "../../frame/clock.svelte.ts";
import type { GatewayError } from "../../frame/errors.ts";
import { token } from "../../frame/token.svelte.ts";
import type { Parameters } from "../../link/link.ts";
import { isCatchingUp } from "../../stream/catchup.ts";
import type { Frame } from "../../stream/frames.ts";
import { timeOf } from "../../stream/record.ts";
import { silentAfter } from "../../stream/silence.ts";
import type { Gap, StreamState } from "../../stream/state.ts";
import { Stream, type Delivery, type StreamHandlers } from "../../stream/stream.ts";
import { cut, textOf } from "../../stream/value.ts";
import { everyOf } from "./expected.ts";
import type { Letter } from "../../frame/letters.ts";
import { areSame, measurementOf, sentFor } from "./parameters.ts";
import type { NewRow } from "./rows.ts";
import { Series } from "./series.ts";
import { summaryOf, targetOf, whereOf } from "../../stream/summary.ts";

/** What a subscription brings to the page. */
export interface Page {
  show(rows: NewRow[]): void;
  clear(letter: Letter): void;
  frame(letter: Letter, frame: Frame): void;
  /** What has been asked of a measurement already. */
  known(id: number): Measurement | undefined;
  /** The parameters that run are others now. */
  changed(): void;
}

/** A change of a subscription that the gateway has refused; what ran before goes on. */
export interface Refused {
  parameters: Parameters;
  error: GatewayError;
}

const mostGaps = 100;

/** For so long a page says that the connection is back. */
const backFor = 10; // seconds

/** One of the subscriptions side by side: its stream, and what has come of it. */
export class Subscription {
  readonly letter: Letter;
  parameters = $state.raw<Parameters>({});
  state = $state.raw<StreamState>({ is: "connecting" });
  /** The last change, if it was refused. */
  refused = $state.raw<Refused | undefined>();
  /** An error that ends nothing. */
  complaint = $state.raw<GatewayError | undefined>();
  back = $state.raw<{ at: number; missed: Gap | undefined } | undefined>();
  /** What the registry says of the measurement; null: it does not know it. */
  measurement = $state.raw<Measurement | null | undefined>();
  series = new Series();
  /** Between which times records are missing. */
  gaps: readonly Gap[] = [];
  received = 0;
  bad = 0;
  newest: number | undefined; // time of the newest event
  heardAt = $state(0); // when a record came last, or the subscription began; Unix seconds
  backlogIsSent = $state(false);

  readonly #page: Page;
  #stream: Stream | undefined;
  #candidate: Stream | undefined; // a change that the gateway has not confirmed yet
  #asking = new AbortController();

  constructor(letter: Letter, parameters: Parameters, page: Page) {
    this.letter = letter;
    this.#page = page;
    this.#begin(parameters);
  }

  get measurementID(): number | undefined {
    return measurementOf(this.parameters);
  }

  /** Seconds between two records on average: as the registry says, or as they have come so far. */
  get every(): number | undefined {
    const rate = this.series.rate(clock.now, 600);
    return this.#registered ?? (this.received >= 10 && rate > 0 ? 1 / rate : undefined);
  }

  /** Seconds between two records of one probe, where the registry says how many are to come. */
  get interval(): number | undefined {
    return (this.#registered && this.measurement?.interval) ?? undefined;
  }

  /** Since when nothing has come, if that is longer than usual. */
  get silentSince(): number | undefined {
    return this.state.is === "live" && clock.now - this.heardAt > silentAfter(this) ? this.heardAt : undefined;
  }

  get isBack(): boolean {
    return this.back !== undefined && clock.now - this.back.at < backFor;
  }

  get isCatchingUp(): boolean {
    return isCatchingUp(this, clock.now);
  }

  /** Asks for something else. What runs goes on until the gateway has confirmed it, and after a refusal. */
  change(parameters: Parameters): void {
    this.#candidate?.close();
    this.#candidate = undefined;
    this.refused = undefined;
    if (areSame(parameters, this.parameters) && this.state.is === "live") return;
    if (this.state.is === "live") this.#candidate = this.#open(parameters);
    else this.#begin(parameters);
  }

  /** Subscribes anew, as with another token. */
  renew(): void {
    this.#begin(this.parameters);
  }

  retry(): void {
    this.#stream?.retry();
  }

  check(): void {
    this.#stream?.check();
  }

  close(): void {
    this.#asking.abort();
    this.#candidate?.close();
    this.#stream?.close();
  }

  get #registered(): number | undefined {
    return everyOf(this.parameters, this.measurement);
  }

  /** Leaves what ran before, and with it what it has brought: rows of one filter are none of another's. */
  #begin(parameters: Parameters, opened?: Stream): void {
    this.#stream?.close();
    this.#stream = opened ?? this.#open(parameters);
    this.#candidate = undefined;
    this.state = this.#stream.state;
    this.parameters = parameters;
    this.refused = this.complaint = this.back = undefined;
    this.series = new Series(clock.current());
    this.gaps = [];
    this.received = this.bad = 0;
    this.newest = undefined;
    this.heardAt = clock.current();
    this.backlogIsSent = false;
    this.#page.clear(this.letter);
    this.#page.changed();
    void this.#ask();
  }

  #open(parameters: Parameters): Stream {
    const isCurrent = () => this.#stream === stream;
    const handlers: StreamHandlers = {
      state: (state) => (isCurrent() ? (this.state = state) : this.#decide(stream, parameters, state)),
      deliver: (deliveries) => isCurrent() && this.#deliver(deliveries),
      back: (missed) => (this.back = { at: clock.current(), missed }),
      gap: (gap) => this.#divide(gap),
      complain: (error) => (this.complaint = error),
      backlogSent: () => (this.backlogIsSent = true),
      frame: (frame) => this.#page.frame(this.letter, frame),
    };
    const stream: Stream = new Stream(sentFor(parameters), handlers, { token: () => token.value, client: "pages/explore" });
    return stream;
  }

  #decide(stream: Stream, parameters: Parameters, state: StreamState): void {
    if (state.is === "live") {
      this.#begin(parameters, stream);
    } else if (state.is === "refused") {
      stream.close();
      this.#candidate = undefined;
      this.refused = { parameters, error: state.error };
    }
  }

  #deliver(deliveries: readonly Delivery[]): void {
    this.heardAt = clock.current();
    this.complaint = undefined;
    this.#page.show(deliveries.map((delivery) => this.#row(delivery)));
  }

  #row({ record }: Delivery): NewRow {
    const time = timeOf(record);
    const { text, bad, rtt } = summaryOf(record);
    this.received += 1;
    if (bad) this.bad += 1;
    if (time !== undefined && !(time <= (this.newest ?? 0))) this.newest = time;
    this.series.add(time, bad, rtt, clock.current());
    const probe = cut(textOf(record["prb_id"] ?? record["id"] ?? ""), 20);
    return {
      is: "result",
      letter: this.letter,
      time,
      probe,
      where: whereOf(record),
      target: targetOf(record),
      text,
      bad,
      json: JSON.stringify(record),
    };
  }

  #divide(gap: Gap): void {
    const { from, to, error } = gap;
    this.gaps = [...this.gaps.slice(1 - mostGaps), gap];
    this.#page.show([{ is: "divider", letter: this.letter, kind: "gap", code: error.code, text: error.words, from, to }]);
  }

  async #ask(): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const id = this.measurementID;
    this.measurement = id === undefined ? undefined : this.#page.known(id);
    if (id === undefined || this.measurement) return;
    try {
      this.measurement = (await api.measurement(id, {}, this.#asking.signal)).measurement;
    } catch (error) {
      if (error instanceof ApiError && error.code === "unknown_measurement") this.measurement = null;
    }
  }
}
