import type { Outage } from "../../api/types.ts";
import { kept } from "../../frame/settings.svelte.ts";
import { keyOf } from "../../probes/outages.ts";
import { hits } from "../../probes/watch.ts";
import { announcement } from "../../probes/words.ts";
import alertIcon from "./icon-alert.svg?url";

const name = "atlas-stream notify";
const most = 500;

/** Attention is what tells somebody who looks elsewhere of new outages, and what is new to them when they look again. */
export class Attention {
  /** Keys of outages that have come while nobody looked. */
  unseen = $state.raw<readonly string[]>([]);
  /** From when to when nobody looked, in Unix seconds; and what has come then. */
  away = $state.raw<{ from: number; until: number; keys: readonly string[] } | undefined>();
  /** Whether the browser shows notifications of outages on the watch list. */
  notifies = $state(kept(() => localStorage.getItem(name)) === "on" && permission() === "granted");
  #left: number | undefined;

  arrived(outages: readonly Outage[], watch: readonly string[]): void {
    const told = outages.filter(({ state }) => state !== "withdrawn");
    if (told.length === 0) return;
    if (document.hidden) this.unseen = [...this.unseen, ...told.map(keyOf)].slice(-most);
    const ours = told.filter((outage) => hits(outage, watch));
    if (this.notifies && ours.length > 0) show(announcement(ours), keyOf(ours[0] as Outage));
  }

  /** To be called when the page is looked at again, or no longer. */
  looked(now: number): void {
    if (document.hidden) {
      this.#left = now;
      return;
    }
    if (this.#left !== undefined && this.unseen.length > 0) this.away = { from: this.#left, until: now, keys: this.unseen };
    this.#left = undefined;
    this.unseen = [];
  }

  forget(): void {
    this.away = undefined;
  }

  async notify(on: boolean): Promise<void> {
    this.notifies = on && (await Notification.requestPermission()) === "granted";
    kept(() => localStorage.setItem(name, this.notifies ? "on" : "off"));
  }
}

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
