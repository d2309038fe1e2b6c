import { kept } from "./settings.svelte.ts";

const name = "atlas-stream token";

/** The viewer's token. It stays in this tab; it goes into Socket.IO's `auth` and the header `Authorization`, and never into an address, a snippet or a log. */
class Token {
  #value = $state(kept(() => sessionStorage.getItem(name)) ?? "");

  get value(): string {
    return this.#value;
  }
  set value(value: string) {
    this.#value = value;
    kept(() => (value === "" ? sessionStorage.removeItem(name) : sessionStorage.setItem(name, value)));
  }
}

export const token = new Token();
