import { isCatchingUp } from "../../stream/catchup.ts";
import { silentAfter, type Pace } from "../../stream/silence.ts";
import { backState, type Missed, type PageState, type StreamState } from "../../stream/state.ts";

/** What is known of a live subscription. Times are Unix seconds. */
export interface Live extends Pace {
  readonly stream: StreamState;
  readonly paused: boolean;
  readonly waiting: number; // results, while it is paused
  readonly newest: number | undefined; // time of the newest result
  readonly heardAt: number; // when something has come last, or the subscription has begun
  readonly back: { readonly at: number; readonly missed: Missed | undefined } | undefined;
}

const toldFor = 10; // seconds

const worstFirst = ["lost", "refused", "ended", "connecting", "catching up", "back with a gap", "back", "paused", "silent", "live"];

/** worstOf several is what the chip says of all. */
export function worstOf(states: readonly PageState[]): PageState {
  return states.toSorted((a, b) => rankOf(a) - rankOf(b))[0] ?? { is: "connecting" };
}

function rankOf(state: PageState): number {
  return worstFirst.indexOf(state.is);
}

/** chipState is what the chip says of it; before there is a subscription, that it connects. */
export function chipState(live: Live | undefined, now: number): PageState {
  if (!live) return { is: "connecting" };
  const { stream, paused, waiting, back, newest, heardAt, every } = live;
  if (stream.is !== "live") return stream;
  if (newest !== undefined && isCatchingUp(live, now)) return paused ? { is: "paused", waiting } : { is: "catching up", newest };
  if (back && now - back.at < toldFor) return backState(back.missed);
  if (paused) return { is: "paused", waiting };
  if (now - heardAt > silentAfter(live)) return { is: "silent", since: heardAt, every };
  return { is: "live", newest };
}
