import { ApiError } from "../../api/client.ts";
import { withRetry } from "../../api/retry.ts";
import type { Probes } from "../../api/types.ts";
import { api } from "../../frame/api.ts";
import type { Delivery } from "../../stream/stream.ts";
import { Feed } from "../probes/feed.svelte.ts";
import type { Consumer } from "./player.svelte.ts";

/** So much of connection events is replayed before the instant that is shown; a probe of which it says nothing has a state that is not known. */
export const before = 86_400; // seconds

/** Which probes were connected: what is replayed, as the view of probes takes it. */
export class ProbesReplay implements Consumer {
  readonly feed: Feed;
  #columns: Probes | undefined;
  /** Why it is not known where probes are. */
  fault = $state.raw<ApiError | undefined>();

  /** `clock` is the time of the replay, in Unix seconds. */
  constructor(clock: () => number) {
    this.feed = new Feed(clock, clock());
  }

  begin(at: number): void {
    this.feed.begin(at);
    if (this.#columns) this.feed.load(this.#columns, false);
  }

  take(deliveries: readonly Delivery[]): void {
    this.feed.take(deliveries.map(({ record }) => record));
  }

  recall(deliveries: readonly Delivery[]): void {
    this.feed.recall(deliveries.map(({ record }) => record));
  }

  loaded(from: number): void {
    this.feed.knowFrom(from);
  }

  gap(): void {} // the table tells it

  /** Asks which probes there are, and where. Without that only those are shown that the events name. */
  async ask(signal: AbortSignal): Promise<void> {
    try {
      this.#columns = await withRetry(
        () => api.probes(signal),
        signal,
        (error) => (this.fault = error),
      );
      this.fault = undefined;
      this.feed.load(this.#columns, false); // their states are those of now
    } catch (error) {
      if (error instanceof ApiError) this.fault = error;
    }
  }

  close(): void {
    this.feed.close();
  }
}
