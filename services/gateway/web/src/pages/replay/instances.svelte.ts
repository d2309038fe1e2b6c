import type { Measurement } from "../../api/types.ts";
import { withRetry } from "../../api/retry.ts";
import { api } from "../../frame/api.ts";
import { kept } from "../../frame/settings.svelte.ts";
import { letterOf } from "../../instances/letters.ts";
import type { Place } from "../../instances/places.ts";
import type { Delivery } from "../../stream/stream.ts";
import { Feed } from "../instances/feed.svelte.ts";
import { storedPlaces } from "../instances/places.ts";
import { noProbes, probesOf } from "../instances/probes.ts";
import { moveMarkers, withThoseBefore, type MoveMarker } from "./markers.ts";
import type { Consumer } from "./player.svelte.ts";

/** Which instances answered which probes: what is replayed, as the view of instances takes it. */
export class InstancesReplay implements Consumer {
  readonly measurement: number;
  readonly feed: Feed;
  #before: readonly MoveMarker[] = []; // what was found before one went back
  probes = $state.raw(noProbes);

  constructor(measurement: number, described: Measurement | null, places: readonly Place[], at: number) {
    this.measurement = measurement;
    const options = {
      letter: letterOf(measurement, described?.target ?? ""),
      interval: described?.interval ?? null,
      places,
      given: kept(() => storedPlaces(localStorage, measurement)) ?? {},
      where: (probe: number) => this.probes.get(probe),
    };
    this.feed = new Feed(options, at);
  }

  /** What has been found, also before one went back to see it again. */
  get markers(): readonly MoveMarker[] {
    void this.feed.version;
    const { bursts, gapChanges } = this.feed.catchments;
    return withThoseBefore(this.#before, moveMarkers(bursts, gapChanges));
  }

  begin(at: number): void {
    this.#before = this.markers;
    this.feed.begin(at);
  }

  take(deliveries: readonly Delivery[]): void {
    this.feed.take(deliveries.map(({ record }) => record));
  }

  recall(deliveries: readonly Delivery[]): void {
    this.feed.recall(deliveries.map(({ record }) => record));
  }

  loaded(): void {}

  gap(): void {} // the table tells it

  /** Asks where probes stand. Without that they are not on the map. */
  async ask(signal: AbortSignal): Promise<void> {
    const columns = await withRetry(
      () => api.probes(signal),
      signal,
      () => {},
    ).catch(() => undefined);
    if (columns) this.probes = probesOf(columns);
    this.feed.changed();
  }

  close(): void {
    this.feed.close();
  }
}
