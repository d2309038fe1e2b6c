import { ApiError } from "../../api/client.ts";
import type { Measurement } from "../../api/types.ts";
import { api } from "../../frame/api.ts";
import { clock } from "../../frame/clock.svelte.ts";
import { kept } from "../../frame/settings.svelte.ts";
import { letterOf } from "../../instances/letters.ts";
import type { Parameters } from "../../link/link.ts";
import { cities } from "./cities.ts";
import { Feed } from "./feed.svelte.ts";
import { Subscription } from "./live.svelte.ts";
import { storedPlaces } from "./places.ts";
import type { Probe } from "./probes.ts";

const usual = 10301; // hostname.bind of K-root
const own = ["msm", "streamType", "stream_type", "startTime", "endTime", "speed", "cursor", "sendBacklog", "buffering", "acceptedFields"];
const behind = 300; // seconds

export type Description = { is: "asked" } | { is: "known"; of: Measurement | null } | { is: "unknown"; why: ApiError };

/** Watched is a measurement whose results come live: what it is, and what they tell. */
export class Watched {
  readonly measurement: number;
  described = $state.raw<Description>({ is: "asked" });
  feed = $state.raw<Feed | undefined>();
  subscription = $state.raw<Subscription | undefined>();
  readonly #filters: Parameters;
  readonly #where: (probe: number) => Probe | undefined;
  readonly #left = new AbortController();

  /** `where` tells where probes stand. */
  constructor(parameters: Parameters, where: (probe: number) => Probe | undefined) {
    this.measurement = measurementOf(parameters);
    this.#filters = Object.fromEntries(Object.entries(parameters).filter(([name]) => !own.includes(name)));
    this.#where = where;
    void this.#begin();
  }

  /** What the registry says of it. */
  get info(): Measurement | null {
    return this.described.is === "known" ? this.described.of : null;
  }

  /** Seconds between two results of one probe. */
  get interval(): number | undefined {
    return this.info?.interval ?? this.feed?.catchments.interval ?? undefined;
  }

  /** Seconds between two results on average. */
  get every(): number | undefined {
    const heard = this.feed && this.feed.version >= 0 ? this.feed.catchments.probes.size : 0;
    const participants = heard > 0 ? heard : (this.info?.participants ?? 0);
    return this.interval && participants > 0 ? this.interval / participants : undefined;
  }

  /** The time that is shown: while old results come, as from a log that is being filled, theirs. */
  get now(): number {
    const time = this.feed && this.feed.version >= 0 ? this.feed.catchments.time : -Infinity;
    return Number.isFinite(time) && clock.now - time > behind ? time : clock.now;
  }

  close(): void {
    this.#left.abort();
    this.subscription?.close();
    this.feed?.close();
  }

  /** Asks what the measurement is first: how often its probes ask, and which server. */
  async #begin(): Promise<void> {
    const { measurement } = this;
    this.described = await describe(measurement, this.#left.signal);
    const places = await cities();
    if (this.#left.signal.aborted) return;
    const options = {
      letter: letterOf(measurement, this.info?.target ?? ""),
      interval: this.info?.interval ?? null,
      places,
      given: kept(() => storedPlaces(localStorage, measurement)) ?? {},
      where: this.#where,
    };
    this.feed = new Feed(options, clock.now);
    this.subscription = new Subscription(measurement, this.#filters, this.feed);
  }
}

async function describe(id: number, signal: AbortSignal): Promise<Description> {
  try {
    return { is: "known", of: (await api.measurement(id, {}, signal)).measurement };
  } catch (error) {
    return error instanceof ApiError ? { is: "unknown", why: error } : { is: "asked" };
  }
}

export function measurementOf(parameters: Parameters): number {
  const id = Number(parameters["msm"]);
  return Number.isSafeInteger(id) && id > 0 ? id : usual;
}
