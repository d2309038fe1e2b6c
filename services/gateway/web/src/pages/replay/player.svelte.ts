import { token } from "../../frame/token.svelte.ts";
import type { Parameters } from "../../link/link.ts";
import { Replayer, type ReplayState, type Speed } from "../../replay/replayer.ts";
import type { Gap, PageState } from "../../stream/state.ts";
import { Stream, type Delivery } from "../../stream/stream.ts";
import { streamOf } from "../../stream/streamtype.ts";

const often = 100; // ms, from one showing of the clock to the next
const seldom = 500; // ms, for views that reckon much

/** What a view does with what is replayed. */
export interface Consumer {
  /** What was replayed counts no more: it begins anew, at this time (Unix seconds). */
  begin(at: number): void;
  take(deliveries: readonly Delivery[]): void;
  /** What came before the instant that is shown. */
  recall(deliveries: readonly Delivery[]): void;
  gap(gap: Gap): void;
  /** All that the log has from this time on (Unix seconds), up to the instant that is shown, has been recalled. */
  loaded(from: number): void;
}

/** A Replayer that Svelte sees: its clock, and its state. */
export class Player {
  readonly #replayer: Replayer;
  readonly #tickers: ReturnType<typeof setInterval>[];
  state = $state.raw<ReplayState>({ is: "paused" });
  /** What the viewer wants, whatever the replay is doing. */
  plays = $state(false);
  speed = $state.raw<Speed>(1);
  clock = $state(0); // Unix seconds
  /** The same, shown less often. */
  slowClock = $state(0);

  constructor(parameters: Parameters, { from, to, at, speed, cursorLife }: Beginning, consumer: Consumer) {
    this.#replayer = new Replayer(
      { parameters: sent(parameters), from, to, cursorLife },
      at,
      speed,
      {
        deliver: (deliveries, before) => (before ? consumer.recall(deliveries) : consumer.take(deliveries)),
        changed: () => this.#show(),
        gap: (gap) => consumer.gap(gap),
        loaded: (from) => consumer.loaded(from),
      },
      (parameters, handlers) => new Stream(parameters, handlers, { token: () => token.value, client: "pages replay" }),
    );
    this.#show();
    this.#tickers = [
      setInterval(() => (this.clock = this.#replayer.clock), often),
      setInterval(() => (this.slowClock = this.#replayer.clock), seldom),
    ];
  }

  /** The clock as it is at this moment. Whoever reads it in a template is not drawn again. */
  get instant(): number {
    return this.#replayer.clock;
  }

  play(): void {
    this.#replayer.play();
  }

  pause(): void {
    this.#replayer.pause();
  }

  /** Goes to an instant; what came in the `before` seconds before it is recalled first. */
  jump(time: number, before: number): void {
    this.#replayer.jump(time, before);
  }

  /** Lets nothing come until the function that it returns is called. */
  hold(): () => void {
    return this.#replayer.hold();
  }

  skip(time: number): void {
    this.#replayer.skip(time);
  }

  setSpeed(speed: Speed): void {
    this.#replayer.setSpeed(speed);
  }

  retry(): void {
    this.#replayer.retry();
  }

  close(): void {
    for (const ticker of this.#tickers) clearInterval(ticker);
    this.#replayer.close();
  }

  #show(): void {
    this.state = this.#replayer.state;
    this.plays = this.#replayer.plays;
    this.speed = this.#replayer.speed;
    this.clock = this.slowClock = this.#replayer.clock;
  }
}

interface Beginning {
  from: number; // Unix seconds
  to: number;
  at: number;
  speed: Speed;
  cursorLife: number; // seconds
}

/** Arrays, as a fast replay has many results a second, and what the views want to know of probes. */
function sent(parameters: Parameters): Parameters {
  return { ...(streamOf(parameters) === "result" && { enrichProbes: true }), ...parameters, buffering: true };
}

/** What the chip says. */
export function chipState(player: Player): PageState {
  const { state, clock, speed } = player;
  switch (state.is) {
    case "playing":
      return { is: "replaying", speed, at: clock };
    case "loading":
    case "starting":
      return { is: "connecting" };
    case "paused":
      return { is: "standing", at: clock };
    case "ended":
      return { is: "ended", why: "finished" };
    case "lost":
      return { is: "lost", nextTry: state.nextTry };
    case "refused":
      return state;
  }
}
