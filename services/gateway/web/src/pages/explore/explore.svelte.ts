import { ApiError } from "../../api/client.ts";
import type { Measurement } from "../../api/types.ts";
import { api } from "../../frame/api.ts";
import { clock } from "../../frame/clock.svelte.ts";
import { place } from "../../frame/location.svelte.ts";
import type { Parameters } from "../../link/link.ts";
import type { Frame } from "../../stream/frames.ts";
import { letters, type Letter } from "../../frame/letters.ts";
import { areSame } from "./parameters.ts";
import { Rows, type NewRow } from "./rows.ts";
import { Subscription, type Page } from "./subscription.svelte.ts";

/** Why the rows stand still. */
export type Hold = "asked" | "scrolled" | "pressing" | "selecting" | "open";

/** What goes over the wire, for who wants to see it. */
export interface WireFrame extends Frame {
  number: number;
  letter: Letter;
}

export const mostFrames = 50;

/** A tab that was hidden for less has not been looked away from. */
const awayAfter = 10; // seconds

/** RIPE's oldest measurement, a ping to K-root, which most networks have. */
const usual = 1001;

/** The page's subscriptions, side by side, and the rows that they bring. */
export class Explore implements Page {
  subscriptions = $state.raw<readonly Subscription[]>([]);
  /** The one that the form is about; undefined is one that does not exist yet. */
  selected = $state.raw<Letter | undefined>();
  readonly rows = new Rows();
  /** Grows when there is something to be drawn. */
  version = $state(0);
  frames: readonly WireFrame[] = [];
  holds = $state.raw<ReadonlySet<Hold>>(new Set());
  #frameCount = 0;
  #first: Measurement | undefined; // which was asked for to begin with
  #isDrawing = false;
  #isFollowing = false;
  #hiddenSince: number | undefined;

  get current(): Subscription | undefined {
    return this.subscriptions.find(({ letter }) => letter === this.selected);
  }

  get paused(): boolean {
    return this.holds.size > 0;
  }

  get hasRoom(): boolean {
    return this.subscriptions.length < letters.length;
  }

  /** Gives a page that was opened without a subscription its first one, unless it is left meanwhile. */
  async start(left: AbortSignal): Promise<void> {
    if (place.link.sub.length > 0) return;
    this.#first = await firstMeasurement(left);
    if (!left.aborted && place.link.sub.length === 0) place.replace({ sub: [{ msm: this.#first?.id ?? usual }] });
  }

  /** Makes the subscriptions those of the link: those that run go on, others begin, change or end. */
  follow(wanted: readonly Parameters[]): void {
    this.#isFollowing = true;
    this.#match(wanted.slice(0, letters.length));
    this.#isFollowing = false;
    if (!this.current) this.selected = this.subscriptions[0]?.letter;
  }

  /** Subscribes to one more. */
  open(parameters: Parameters): void {
    this.follow([...this.subscriptions.map((one) => one.parameters), parameters]);
    this.selected = this.subscriptions.at(-1)?.letter;
    this.changed();
  }

  /** Ends a subscription. */
  end(letter: Letter): void {
    this.follow(this.subscriptions.filter((one) => one.letter !== letter).map(({ parameters }) => parameters));
    this.changed();
  }

  close(): void {
    for (const subscription of this.subscriptions) subscription.close();
  }

  // Page: what subscriptions bring.

  show(rows: NewRow[]): void {
    this.rows.add(rows);
    this.draw();
  }

  clear(letter?: Letter): void {
    this.rows.clear(letter);
    this.draw();
  }

  frame(letter: Letter, frame: Frame): void {
    this.frames = [...this.frames.slice(1 - mostFrames), { ...frame, letter, number: this.#frameCount++ }];
  }

  /** What has been asked of a measurement already, once: it does not stay true. */
  known(id: number): Measurement | undefined {
    const known = this.#first?.id === id ? this.#first : undefined;
    this.#first = undefined;
    return known;
  }

  /** Has the address say what runs. */
  changed(): void {
    const sub = this.subscriptions.map(({ parameters }) => parameters);
    const isSaid = sub.length === place.link.sub.length && sub.every((one, index) => areSame(one, place.link.sub[index] ?? {}));
    if (!this.#isFollowing && !isSaid) place.go({ sub });
  }

  /** Lets the rows stand still for a reason, or not any more for this one. */
  hold(why: Hold, on: boolean): void {
    if (this.holds.has(why) === on) return;
    this.holds = new Set(on ? [...this.holds, why] : [...this.holds].filter((one) => one !== why));
    if (this.paused) this.rows.pause();
    else this.rows.resume();
    this.draw();
  }

  /** Draws with the next frame; a hidden page draws nothing, and takes what comes all the same. */
  draw(): void {
    if (this.#isDrawing || document.hidden) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.version += 1;
    });
  }

  /** To be called when the page is hidden, and when it is looked at again. */
  look(): void {
    if (document.hidden) return this.#leave();
    this.#comeBack();
    this.#isDrawing = false; // a frame that was asked for before may never come
    for (const subscription of this.subscriptions) subscription.check();
    this.draw();
  }

  #leave(): void {
    if (this.#hiddenSince !== undefined) return;
    this.#hiddenSince = clock.current();
    this.rows.leave(this.#hiddenSince);
  }

  #comeBack(): void {
    const away = clock.current() - (this.#hiddenSince ?? 0);
    this.#hiddenSince = undefined;
    if (away > awayAfter) this.rows.comeBack();
    else this.rows.forget();
  }

  #match(wanted: readonly Parameters[]): void {
    const left = [...this.subscriptions];
    const found = wanted.map((parameters) => {
      const index = left.findIndex((one) => areSame(one.parameters, parameters));
      return index < 0 ? undefined : left.splice(index, 1)[0];
    });
    if (wanted.length === this.subscriptions.length) inherit(found, left, wanted);
    for (const one of left) {
      one.close();
      this.clear(one.letter);
    }
    const taken = new Set(found.map((one) => one?.letter));
    this.subscriptions = wanted.map((parameters, index) => found[index] ?? this.#begin(parameters, taken));
  }

  #begin(parameters: Parameters, taken: Set<Letter | undefined>): Subscription {
    const letter = letters.find((one) => !taken.has(one)) ?? letters[0];
    taken.add(letter);
    return new Subscription(letter, parameters, this);
  }
}

/** Where a link has as many subscriptions as run, those that differ are changes: the letters stay. */
function inherit(found: (Subscription | undefined)[], left: Subscription[], wanted: readonly Parameters[]): void {
  for (const [index, parameters] of wanted.entries()) {
    if (found[index]) continue;
    found[index] = left.shift();
    found[index]?.change(parameters);
  }
}

/** The usual measurement, if the registry has it or cannot be asked, or else the first that runs. */
async function firstMeasurement(left: AbortSignal): Promise<Measurement | undefined> {
  try {
    const { measurement } = await api.measurement(usual, {}, left);
    if (measurement && !measurement.stopped) return measurement;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "unknown_measurement") return undefined;
  }
  const running = await api.measurements({ status: "running", limit: 1 }, left).catch(() => undefined);
  return running?.measurements[0];
}
