import { ApiError, readJSON, type Api } from "../../api/client.ts";
import { EventStreamParser, type ServerSentEvent } from "../../api/eventstream.ts";
import type { Outage, Outages } from "../../api/types.ts";
import { keyOf, merge } from "../../probes/outages.ts";

const soon = 5_000; // ms
const seldom = 60_000;
/** The gateway sends a comment every 15 s: a connection that is silent for longer is dead, though it may not look so. */
const longestSilence = 40_000;

/** OutageFeed follows /api/outages until `close`. */
export class OutageFeed {
  list = $state.raw<readonly Outage[]>([]);
  /** When something was heard of it last, in Unix seconds of the viewer's clock. */
  heardAt = $state<number | undefined>();
  /** Why it is not followed now. */
  fault = $state.raw<ApiError | undefined>();
  silentSince = $state<number | null>(null);
  readonly #api: Api;
  readonly #arrived: (outages: readonly Outage[]) => void;
  readonly #ended = new AbortController();
  #attempt = new AbortController();
  #isTold = false; // of the first list
  #wake = () => {};
  #deadline: ReturnType<typeof setTimeout> | undefined;

  /** `arrived` is told of outages that were not in the first list. */
  constructor(api: Api, arrived: (outages: readonly Outage[]) => void) {
    this.#api = api;
    this.#arrived = arrived;
    void this.#run();
  }

  close(): void {
    this.#ended.abort();
    clearTimeout(this.#deadline);
    this.#wake();
  }

  /** To be called when the page is looked at again: after sleep a connection may look alive and be dead. */
  check(): void {
    this.#attempt.abort();
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const wait = await this.#follow();
      if (!this.#ended.signal.aborted) await this.#sleep(wait);
    }
  }

  #sleep(wait: number): Promise<void> {
    return new Promise((resume) => {
      const timer = setTimeout(resume, wait);
      this.#wake = () => {
        clearTimeout(timer);
        resume();
      };
    });
  }

  /** Follows for as long as it goes, and says how long to wait until the next try. */
  async #follow(): Promise<number> {
    const attempt = (this.#attempt = new AbortController());
    const signal = AbortSignal.any([this.#ended.signal, attempt.signal]);
    try {
      this.#expect(attempt);
      const response = await this.#api.request("/api/outages", {}, { signal, accept: "text/event-stream" });
      if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
        this.#told((await readJSON(response, signal)) as Outages);
        return seldom;
      }
      if (response.body) await this.#read(response.body, attempt);
    } catch (error) {
      if (signal.aborted) return 0;
      this.fault = error instanceof ApiError ? error : new ApiError("unreachable", "the gateway does not answer");
      return this.fault.code === "absent" ? seldom : (this.fault.retryAfter ?? 0) * 1000 || soon;
    } finally {
      clearTimeout(this.#deadline);
    }
    return soon;
  }

  /** Gives up unless something comes in time: the answer, an event or a comment. */
  #expect(attempt: AbortController): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => attempt.abort(), longestSilence);
  }

  async #read(body: ReadableStream<Uint8Array>, attempt: AbortController): Promise<void> {
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      this.#expect(attempt);
      const { value, done } = await reader.read();
      if (done) return;
      this.heardAt = Date.now() / 1000;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) this.#take(event);
    }
  }

  #take({ event, data }: ServerSentEvent): void {
    if (event === "outages") this.#told(JSON.parse(data) as Outages);
    if (event === "outage") this.#revised([JSON.parse(data) as Outage]);
  }

  /** The list is whole: what it has no more is not kept. */
  #told({ outages, silent_since }: Outages): void {
    const known = this.list.map(keyOf);
    this.fault = undefined;
    this.silentSince = silent_since;
    this.heardAt = Date.now() / 1000;
    this.list = merge([], outages);
    if (this.#isTold) this.#arrived(this.list.filter((outage) => !known.includes(keyOf(outage))));
    this.#isTold = true;
  }

  #revised(outages: readonly Outage[]): void {
    const known = this.list.map(keyOf);
    this.list = merge(this.list, outages);
    this.silentSince = null; // an outage is found by an event
    this.#arrived(outages.filter((outage) => !known.includes(keyOf(outage))));
  }
}
