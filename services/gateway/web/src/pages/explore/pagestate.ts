import { backState, type PageState } from "../../stream/state.ts";
import type { Explore } from "./explore.svelte.ts";
import type { Subscription } from "./subscription.svelte.ts";

/** What the chip says of all subscriptions: the worst that is the case, as nobody looks for it elsewhere. */
export function stateOf({ subscriptions, paused, rows }: Explore): PageState {
  const first = subscriptions[0];
  if (!first) return { is: "idle" };
  const lost = subscriptions.map(({ state }) => state).filter((state) => state.is === "lost");
  if (lost.length > 0) return { is: "lost", nextTry: Math.min(...lost.map(({ nextTry }) => nextTry)) };
  if (subscriptions.every(({ state }) => state.is === "refused" || state.is === "ended")) return first.state;
  if (subscriptions.some(({ state }) => state.is === "connecting")) return { is: "connecting" };
  const late = subscriptions.filter(({ isCatchingUp }) => isCatchingUp).map(({ newest = 0 }) => newest);
  if (late.length > 0 && !paused) return { is: "catching up", newest: Math.min(...late) };
  const back = subscriptions.find(({ isBack, back }) => isBack && back?.missed) ?? subscriptions.find(({ isBack }) => isBack);
  if (back && late.length === 0) return backState(back.back?.missed);
  if (paused) return { is: "paused", waiting: rows.waiting };
  return liveState(subscriptions.filter(({ state }) => state.is === "live"));
}

/** Silent only if none brings anything: one that is silent says so at its letter. */
function liveState(live: readonly Subscription[]): PageState {
  const silent = live.map(({ silentSince, every }) => ({ since: silentSince, every }));
  const [first] = silent;
  if (first?.since !== undefined && silent.every(({ since }) => since !== undefined)) {
    const since = Math.max(...silent.map((one) => one.since ?? 0));
    return { is: "silent", since, every: live.length === 1 ? first.every : undefined };
  }
  const newest = live.map((one) => one.newest).filter((time) => time !== undefined);
  return { is: "live", ...(newest.length > 0 && { newest: Math.max(...newest) }) };
}
