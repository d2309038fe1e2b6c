import type { Zone } from "../time/format.ts";

export type Theme = "system" | "light" | "dark";

/** What the viewer has chosen for all pages, kept in the browser. */
class Settings {
  #zone = $state<Zone>(stored("zone", ["UTC", "local"]));
  #theme = $state<Theme>(stored("theme", ["system", "light", "dark"]));
  #keys = $state(stored("keys", ["on", "off"]));

  get zone(): Zone {
    return this.#zone;
  }
  set zone(zone: Zone) {
    this.#zone = zone;
    store("zone", zone);
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    store("theme", theme);
    this.applyTheme();
  }

  /** Whether single keys do something: who dictates can turn that off. */
  get keys(): boolean {
    return this.#keys === "on";
  }
  set keys(on: boolean) {
    this.#keys = on ? "on" : "off";
    store("keys", this.#keys);
  }

  toggleZone(): void {
    this.zone = this.zone === "UTC" ? "local" : "UTC";
  }

  nextTheme(): void {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const order: Theme[] = dark ? ["system", "light", "dark"] : ["system", "dark", "light"];
    this.theme = order[(order.indexOf(this.theme) + 1) % order.length] ?? "system";
  }

  applyTheme(): void {
    if (this.theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.theme;
  }
}

const prefix = "atlas-stream ";

function stored<Value extends string>(name: string, [usual, ...others]: readonly [Value, ...Value[]]): Value {
  const value = kept(() => localStorage.getItem(prefix + name));
  return [usual, ...others].find((one) => one === value) ?? usual;
}

function store(name: string, value: string): void {
  kept(() => localStorage.setItem(prefix + name, value));
}

/** A browser that keeps nothing throws. */
export function kept<Value>(use: () => Value): Value | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

export const settings = new Settings();
