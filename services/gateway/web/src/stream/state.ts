import type { GatewayError } from "../frame/errors.ts";
import { formatDuration, formatNear, formatTime, type Zone } from "../time/format.ts";

/** The state of the connection of one subscription. Times are Unix seconds of the viewer's clock. */
export type StreamState =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "lost"; nextTry: number }
  | { is: "refused"; error: GatewayError }
  | { is: "ended"; why: "stopped" | "finished" };

/** Between which times records may be missing; null is not known. */
export interface Missed {
  from: number | null;
  to: number | null;
}

/** What is missing, in the words of the gateway too. */
export interface Gap extends Missed {
  error: GatewayError;
}

/** What the chip at the top says of a page. */
export type PageState =
  | { is: "idle" }
  | { is: "connecting" }
  | { is: "live"; newest?: number | undefined } // newest: time of the newest event
  | { is: "silent"; since: number; every?: number | undefined } // every: seconds between two results on average
  | { is: "paused"; waiting: number }
  | { is: "replaying"; speed: number | "max"; at: number }
  | { is: "standing"; at: number } // a replay that is paused
  | { is: "catching up"; newest: number }
  | { is: "lost"; nextTry: number }
  | { is: "back" }
  | { is: "back with a gap"; missed: Missed }
  | { is: "refused"; error: GatewayError }
  | { is: "ended"; why: "stopped" | "finished" };

/** How a state looks in the chip: "good" only where nothing is missing. */
export const looks: Record<PageState["is"], "good" | "warn" | "bad" | "none"> = {
  idle: "none",
  connecting: "none",
  live: "good",
  silent: "warn",
  paused: "warn",
  replaying: "good",
  standing: "warn",
  "catching up": "warn",
  lost: "bad",
  back: "good",
  "back with a gap": "warn",
  refused: "bad",
  ended: "none",
};

/** What a page says of a connection that is back, and of what it has missed meanwhile. */
export function backState(missed: Missed | undefined): PageState {
  return missed ? { is: "back with a gap", missed } : { is: "back" };
}

const count = new Intl.NumberFormat("en");

/** The exact words of a state. `now` is in Unix seconds of the gateway's clock, which events are told by; the next try is by the viewer's. */
export function stateWords(state: PageState, now: number, zone: Zone): string {
  switch (state.is) {
    case "idle":
      return "nothing subscribed";
    case "connecting":
      return "connecting…";
    case "live":
      return lagWords(state.newest, now);
    case "silent":
      return `live, silent for ${formatDuration(now - state.since)}${everyWords(state.every)}`;
    case "paused":
      return `paused, ${count.format(state.waiting)} waiting`;
    case "replaying":
      return `replaying ${speedWords(state.speed)}, ${formatTime(state.at, zone)}`;
    case "standing":
      return `paused at ${formatTime(state.at, zone)}`;
    case "catching up":
      return `catching up, ${formatDuration(now - state.newest)} behind`;
    case "lost":
      return `lost the connection, next try in ${formatDuration(Math.max(0, state.nextTry - Date.now() / 1000))}`;
    case "back":
      return "back, nothing missed";
    case "back with a gap":
      return `back, missed ${missedWords(state.missed, now, zone)}`;
    case "refused":
      return `refused: ${state.error.code} ${state.error.words}`;
    case "ended":
      return state.why === "stopped" ? "ended: the measurement has stopped" : "end of the interval";
  }
}

/** A lag up to this is what probes and the network take. */
const usualLag = 5;

function lagWords(newest: number | undefined, now: number): string {
  return newest !== undefined && now - newest > usualLag ? `live, ${formatDuration(now - newest)} behind` : "live";
}

function everyWords(every: number | undefined): string {
  return every === undefined ? "" : ` (this measurement has a result every ${formatDuration(Math.max(1, every))} on average)`;
}

export function speedWords(speed: number | "max"): string {
  return speed === "max" ? "at the limit" : `${count.format(speed)}×`;
}

/** 12:00:00–12:03:10, with its date where that is another one than today's. */
export function missedWords({ from, to }: Missed, now: number, zone: Zone): string {
  const clock = (time: number | null) => (time === null ? "?" : formatNear(time, now, zone));
  return `${clock(from)}–${clock(to)}`;
}
