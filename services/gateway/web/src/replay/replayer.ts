import type { GatewayError } from "../frame/errors.ts";
import type { Parameters } from "../link/link.ts";
import { timeOf } from "../stream/record.ts";
import type { Gap, StreamState } from "../stream/state.ts";
import type { Delivery, StreamHandlers } from "../stream/stream.ts";
import { earliestOf } from "./earliest.ts";
import { Joint } from "./joint.ts";

export type Speed = number | "max";

export type ReplayState =
  | { is: "paused" } // also before the first start
  | { is: "loading" } // what came before the instant that is shown, or what is to show it
  | { is: "starting" }
  | { is: "playing" }
  | { is: "lost"; nextTry: number }
  | { is: "ended" }
  | { is: "refused"; error: GatewayError };

/** What the Replayer needs of a Stream. */
export interface ReplayStream {
  readonly cursor: string | undefined;
  retry(): void;
  close(): void;
}

/** Opens `new Stream(parameters, handlers)`; a test opens something else. */
export type Open = (parameters: Parameters, handlers: StreamHandlers) => ReplayStream;

export interface ReplayerHandlers {
  /** Records in the order of their time; `before` are of the time before the instant that was gone to. */
  deliver(deliveries: readonly Delivery[], before: boolean): void;
  /** The state is another one. */
  changed(): void;
  gap(gap: Gap): void;
  /** All that the log has from this time on, up to the instant that was gone to, has been delivered. */
  loaded(from: number): void;
}

export interface ReplayedInterval {
  /** Of the subscription, without times. */
  parameters: Parameters;
  from: number; // Unix seconds
  to: number;
  /** How long a cursor is good for, in seconds. */
  cursorLife: number;
}

/** One subscription with a `startTime`. */
interface Stage {
  does: "play" | "skip" | "load";
  startTime: number;
  endTime: number;
  speed: Speed;
}

/**
 * Replays an interval so that one can pause it, go on, go elsewhere and change the speed. The gateway can do none of that: it plays an interval at a speed. So a pause
 * ends the subscription, and going on is a subscription with the same interval and the last cursor. Where the cursor is too old, or the speed is another one, it is a new
 * interval from the newest record on, without what has come of that millisecond already. Nothing is lost and nothing comes twice.
 *
 * `plays` is what the viewer wants, and stays it whatever the replay is doing; `state` is what it is doing.
 */
export class Replayer {
  readonly interval: ReplayedInterval;
  readonly #handlers: ReplayerHandlers;
  readonly #open: Open;
  readonly #now: () => number; // Unix seconds of the viewer's clock
  readonly #joint = new Joint();
  #state: ReplayState = { is: "paused" };
  #plays = false;
  #speed: Speed;
  #stage: Stage | undefined; // the last one
  #then: (() => void) | undefined; // what follows upon the end of a stage that is not played
  #held: (() => void) | undefined; // while nothing may come: what follows upon that
  #stream: ReplayStream | undefined;
  #complaint: GatewayError | undefined; // of the stream, which may be why it ends
  #at: number; // everything of the interval before that has come
  #pausedBy: { cursor: string; until: number } | undefined;
  #shownAt: { time: number; since: number } | undefined; // while it plays: what time the clock showed, and when

  constructor(interval: ReplayedInterval, at: number, speed: Speed, handlers: ReplayerHandlers, open: Open, now = () => Date.now() / 1000) {
    this.interval = interval;
    this.#at = clamp(at, interval);
    this.#speed = speed;
    this.#handlers = handlers;
    this.#open = open;
    this.#now = now;
  }

  get state(): ReplayState {
    return this.#state;
  }

  get speed(): Speed {
    return this.#speed;
  }

  /** The time of the events that come now. */
  get clock(): number {
    if (!this.#shownAt || this.#speed === "max") return this.#at;
    const { time, since } = this.#shownAt;
    return clamp(Math.max(this.#at, time + (this.#now() - since) * this.#speed), this.interval);
  }

  /** Whether it goes on by itself, be it as soon as what comes before is there, or the connection is back. An end and a refusal make it false, as a pause does. */
  get plays(): boolean {
    return this.#plays;
  }

  /** Goes on, or begins; from the start if the end was reached. */
  play(): void {
    if (this.#plays) return;
    if (this.#state.is === "ended") this.jump(this.interval.from);
    this.#plays = true;
    if (this.#isLoading) this.#handlers.changed();
    else this.#goOn();
  }

  pause(): void {
    if (!this.#plays) return;
    this.#plays = false;
    if (this.#isLoading) return this.#handlers.changed();
    const cursor = this.#stream?.cursor;
    this.#stop();
    this.#pausedBy = cursor && this.#stage?.does === "play" ? { cursor, until: this.#now() + this.interval.cursorLife } : undefined;
    this.#become({ is: "paused" });
  }

  /** Goes to an instant, after what came in the `before` seconds before it was delivered as such. It plays on if it plays. */
  jump(time: number, before = 0): void {
    this.#joint.clear();
    this.#stop();
    this.#at = clamp(time, this.interval);
    const go = () => (before > 0 ? this.#load(this.#at - before) : this.#arrive());
    if (!this.#held) return go();
    this.#held = go;
    this.#handlers.changed();
  }

  /** Lets nothing come, whatever the viewer does, until the function that it returns is called: what is to show it is not there yet. */
  hold(): () => void {
    this.#stop();
    this.#held = () => this.#arrive();
    this.#become({ is: "loading" });
    return () => {
      const go = this.#held;
      this.#held = undefined;
      go?.();
    };
  }

  setSpeed(speed: Speed): void {
    this.#speed = speed;
    if (this.#isLoading || this.#state.is === "ended") return this.#handlers.changed();
    this.#stop();
    this.#arrive();
  }

  /** Goes on at an instant before which no records are known to be; should there be some, they come before. */
  skip(time: number): void {
    if (this.#state.is !== "playing" || this.#stage?.does !== "play" || time <= this.clock) return;
    this.#then = () => {
      this.#at = clamp(time, this.interval);
      this.#playFrom(this.#at);
    };
    this.#run({ does: "skip", startTime: this.#at, endTime: time - 0.001, speed: "max" });
  }

  /** Connects at once, if the connection is lost. */
  retry(): void {
    this.#stream?.retry();
  }

  close(): void {
    this.#held = undefined;
    this.#stop();
  }

  get #isLoading(): boolean {
    return this.#held !== undefined || (this.#stream !== undefined && this.#stage?.does === "load");
  }

  #load(startTime: number): void {
    this.#then = () => {
      this.#handlers.loaded(startTime);
      this.#arrive();
    };
    this.#run({ does: "load", startTime, endTime: this.#at - 0.001, speed: "max" });
  }

  /** Stands at the instant that is shown, and plays from there if that is what the viewer wants. */
  #arrive(): void {
    this.#pausedBy = undefined;
    if (this.#plays) this.#playFrom(this.#at);
    else this.#become({ is: "paused" });
  }

  #goOn(): void {
    const paused = this.#pausedBy;
    if (paused && this.#stage && this.#now() < paused.until) this.#run(this.#stage, paused.cursor);
    else this.#playFrom(this.#at);
  }

  #playFrom(time: number): void {
    this.#then = undefined;
    this.#run({ does: "play", startTime: time, endTime: this.interval.to, speed: this.#speed });
  }

  #run(stage: Stage, cursor = ""): void {
    this.#stop();
    this.#stage = stage;
    this.#pausedBy = undefined;
    this.#complaint = undefined;
    this.#become(stage.does === "load" ? { is: "loading" } : { is: "starting" });
    const { startTime, endTime, speed } = stage;
    const parameters = {
      ...this.interval.parameters,
      startTime: toMilliseconds(startTime),
      endTime: toMilliseconds(endTime),
      speed,
      cursor,
    };
    this.#stream = this.#open(parameters, {
      deliver: (deliveries) => this.#delivered(deliveries),
      state: (state) => this.#streamBecame(state),
      gap: (gap) => this.#handlers.gap(gap),
      complain: (error) => (this.#complaint = error),
    });
  }

  #stop(): void {
    this.#shownAt = undefined;
    this.#stream?.close();
    this.#stream = undefined;
  }

  #delivered(deliveries: readonly Delivery[]): void {
    if (this.#stage?.does === "load") return this.#handlers.deliver(deliveries, true);
    const fresh = deliveries.filter(({ record }) => this.#joint.takes(record));
    for (const { record } of fresh) this.#at = clamp(Math.max(this.#at, timeOf(record) ?? 0), this.interval);
    this.#keepUp();
    if (fresh.length > 0) this.#handlers.deliver(fresh, false);
  }

  /** The gateway's clock is what counts: the one that is shown goes on from the newest record where it has fallen behind. */
  #keepUp(): void {
    if (this.#shownAt && this.#at >= this.clock) this.#shownAt = { time: this.#at, since: this.#now() };
  }

  #streamBecame(state: StreamState): void {
    if (state.is === "live") this.#confirmed();
    else if (state.is === "lost") this.#lost(state.nextTry);
    else if (state.is === "refused") this.#refused(state.error);
    else if (state.is === "ended") this.#finished(state.why);
  }

  #confirmed(): void {
    if (this.#stage?.does === "play") this.#shownAt = { time: this.#at, since: this.#now() };
    this.#become(this.#stage?.does === "load" ? { is: "loading" } : { is: "playing" });
  }

  #lost(nextTry: number): void {
    this.#shownAt = undefined;
    this.#become({ is: "lost", nextTry });
  }

  #refused(error: GatewayError): void {
    this.#stop();
    if (error.code === "cursor_gone" && this.#stage?.does === "play") this.#playFrom(this.#at);
    else if (error.code === "before_log" && this.#stage?.does === "load") this.#loadFrom(earliestOf(error));
    else this.#fail(error);
  }

  /** What comes before the instant that is shown is in the log in part only, or not at all. */
  #loadFrom(earliest: number | undefined): void {
    const asked = this.#stage?.startTime ?? Infinity;
    if (earliest !== undefined && earliest > asked && earliest < this.#at) this.#load(earliest);
    else this.#arrive();
  }

  #fail(error: GatewayError): void {
    this.#plays = false;
    this.#become({ is: "refused", error });
  }

  #finished(why: "stopped" | "finished"): void {
    this.#stop();
    if (why === "stopped") this.#fail(this.#complaint ?? { code: "unknown", words: "the replay has ended before its end" });
    else if (this.#then) this.#then();
    else this.#end();
  }

  #end(): void {
    this.#at = this.interval.to;
    this.#plays = false;
    this.#become({ is: "ended" });
  }

  #become(state: ReplayState): void {
    this.#state = state;
    this.#handlers.changed();
  }
}

function clamp(time: number, { from, to }: { from: number; to: number }): number {
  return Math.min(Math.max(time, from), to);
}

function toMilliseconds(seconds: number): number {
  return Math.floor(seconds * 1000) / 1000;
}
