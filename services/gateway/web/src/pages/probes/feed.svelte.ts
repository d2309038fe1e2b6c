import type { Connections, Probes } from "../../api/types.ts";
import { Activity } from "../../probes/activity.ts";
import { eventOf, States } from "../../probes/state.ts";
import type { AtlasRecord } from "../../stream/record.ts";

const between = 1000; // ms from one showing of the figures to the next

/** The probes of which something is new, or undefined: all. */
type Listener = (probes: ReadonlySet<number> | undefined) => void;

/**
 * Feed is what the view of probes shows: states that a page feeds with connection events, live ones or those of a replay. The figures are shown anew once a second at most;
 * probes on the map as they change.
 */
export class Feed {
  states = new States();
  activity: Activity;
  /** Time of the newest event, no later than now. */
  newest: number | undefined;
  /** version counts the showings: whoever reads it in a template is drawn again with each. */
  version = $state(0);
  /** Whether it is known which probes there are. */
  isLoaded = $state(false);
  readonly #now: () => number;
  #listeners: readonly Listener[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `now` is the clock of what is shown, `since` the time from which on all events are taken. */
  constructor(now: () => number, since: number) {
    this.#now = now;
    this.activity = new Activity(since);
  }

  /** begin anew: what was taken counts no more, and all events are taken from another time on. Who watches goes on watching. */
  begin(since: number): void {
    this.states = new States();
    this.activity = new Activity(since);
    this.newest = undefined;
    this.isLoaded = false;
    this.#tell(undefined);
    this.#show();
  }

  /** load takes what /api/probes says. The state of a past is what events say alone; then the answer tells where probes are. */
  load(columns: Probes, withStates = true): void {
    this.states.load(columns, withStates);
    this.isLoaded = true;
    this.#tell(undefined);
    this.#show();
  }

  /** tell takes what /api/connections says, in steps of a minute. */
  tell(connections: Connections): void {
    this.activity.tell(connections);
    this.#show();
  }

  /** take records that are to be shown. */
  take(records: readonly AtlasRecord[]): void {
    const events = records.flatMap((record) => eventOf(record) ?? []);
    const now = this.#now();
    this.activity.take(events, now);
    for (const { time } of events) if (time <= now) this.newest = Math.max(this.newest ?? 0, time);
    this.#tell(this.states.take(events));
    this.#timer ??= setTimeout(() => this.#show(), between);
  }

  /** All events from a time on have been taken, which is earlier than what was known. */
  knowFrom(since: number): void {
    this.activity.since = since;
    this.#show();
  }

  /** recall records from before: the state at the beginning of a replay. */
  recall(records: readonly AtlasRecord[]): void {
    this.take(records);
  }

  /** watch is told of the probes of which something is new, until the function that comes back is called. */
  watch(listener: Listener): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => (this.#listeners = this.#listeners.filter((one) => one !== listener));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners = [];
  }

  #tell(probes: ReadonlySet<number> | undefined): void {
    for (const listener of this.#listeners) listener(probes);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.version++;
  }
}
