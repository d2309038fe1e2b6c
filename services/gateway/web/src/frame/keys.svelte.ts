import { untrack } from "svelte";
import { settings } from "./settings.svelte.ts";

export interface Key {
  /** What it does, for the list that `?` shows. */
  does: string;
  run(event: KeyboardEvent): void;
}

/** Keys by their name: that of KeyboardEvent.key, with "shift " before ArrowLeft and the like, or two letters one after the other: "g e". */
export type Keys = Record<string, Key>;

/** For the second of two letters. */
const patience = 1500; // ms

class Keyboard {
  #layers = $state.raw<Keys[]>([]);
  #first: { key: string; at: number } | undefined;

  /** All that do something now, the newest layer first. */
  get all(): Keys {
    return Object.assign({}, ...this.#layers) as Keys;
  }

  /** Adds keys until the function that it returns is called: `$effect(() => keyboard.use({…}))`. */
  use(keys: Keys): () => void {
    const layers = untrack(() => this.#layers); // or the effect that adds keys would depend on all of them
    this.#layers = [...layers, keys];
    return () => (this.#layers = this.#layers.filter((layer) => layer !== keys));
  }

  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyped(event)) return;
    const name = nameOf(event);
    const pair = this.#first && event.timeStamp - this.#first.at < patience ? `${this.#first.key} ${name}` : name;
    const key = this.all[pair] ?? this.all[name];
    this.#first = key ? undefined : { key: name, at: event.timeStamp };
    if (!key || (!settings.keys && name !== "Escape")) return;
    event.preventDefault();
    key.run(event);
  }
}

function nameOf(event: KeyboardEvent): string {
  return event.shiftKey && event.key.length > 1 ? `shift ${event.key}` : event.key;
}

/** With these one moves what has the focus: a slider, or what is chosen of several. */
const moving = /^(Arrow|Home$|End$|Page)/;

/** Keys that the element with the focus takes itself are left to it, and all to an open dialog. */
function isTyped(event: KeyboardEvent): boolean {
  if (document.querySelector("dialog[open]")) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (event.key === "Escape") return false;
  if (target?.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]")) return true;
  if (target?.closest("[role=menu], [role=listbox]")) return true;
  if (moving.test(event.key)) return target?.closest("[role=slider], [role=radiogroup], input[type=radio], input[type=range]") != null;
  return (event.key === " " || event.key === "Enter") && target?.closest("button, a, summary, input, [role=button]") != null;
}

export const keyboard = new Keyboard();
