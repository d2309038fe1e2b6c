import type { Outage } from "../api/types.ts";
import { keyOf } from "../probes/outages.ts";
import { hits, watchedUnits } from "../probes/watch.ts";
import { announcement } from "../probes/words.ts";
import alertIcon from "./icon-alert.svg?url";
import { place } from "./location.svelte.ts";
import * as seen from "./seen.ts";
import { kept } from "./settings.svelte.ts";

const name = "atlas-stream notify";
const mostKnown = 5000;

/** Attention is what tells somebody who looks elsewhere of new outages, and what is new to them when they look again; on every page. */
class Attention {
  seen = $state.raw<seen.Seen>(seen.allSeen);
  /** Whether the browser shows notifications of outages on the watch list. */
  notifies = $state(kept(() => localStorage.getItem(name)) === "on" && permission() === "granted");
  #known: ReadonlySet<string> = new Set(); // keys of outages
  #isTold = false; // of a whole list

  /** Takes the whole list of outages. Those of the first one are not new. */
  told(outages: readonly Outage[]): void {
    if (this.#isTold) this.arrived(outages);
    this.#isTold = true;
    this.#known = new Set([...this.#known, ...outages.map(keyOf)].slice(-mostKnown)); // an older list may come after a newer one
  }

  /** Takes outages that may be new. */
  arrived(outages: readonly Outage[]): void {
    const fresh = outages.filter((outage) => outage.state !== "withdrawn" && !this.#known.has(keyOf(outage)));
    if (fresh.length === 0) return;
    this.#known = new Set([...this.#known, ...fresh.map(keyOf)]);
    this.seen = seen.arrived(this.seen, fresh.map(keyOf), document.hidden);
    const ours = fresh.filter((outage) => hits(outage, watchedUnits(place.link.watch)));
    if (this.notifies && ours.length > 0) show(announcement(ours), keyOf(ours[0] as Outage));
  }

  /** To be called when the page is looked at again, or no longer. */
  looked(now: number): void {
    this.seen = seen.looked(this.seen, now, document.hidden);
  }

  /** What is new is known. */
  forget(): void {
    this.seen = { ...this.seen, away: undefined };
  }

  async notify(on: boolean): Promise<void> {
    this.notifies = on && (await Notification.requestPermission()) === "granted";
    kept(() => localStorage.setItem(name, this.notifies ? "on" : "off"));
  }
}

export const attention = new Attention();

/** Whether the browser may show notifications; "unsupported" where it cannot. */
export function permission(): NotificationPermission | "unsupported" {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

function show(body: string, tag: string): void {
  try {
    new Notification("atlas-stream", { body, tag, icon: alertIcon });
  } catch {
    // a phone's browser has them for service workers only
  }
}

/** The icon of the tab, with a dot or without. */
export function setIcon(alert: boolean): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const address = alert ? alertIcon : "/icon.svg";
  if (icon && icon.getAttribute("href") !== address) icon.href = address;
}
