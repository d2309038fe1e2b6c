import { emptyLink, formatLink, parseLink, type Fault, type Link } from "../link/link.ts";

/** Where the viewer is: the page's state as its address has it. Pages read `link` and change it; the back button does the rest. */
class Location {
  #read = $state.raw(read());

  get link(): Link {
    return this.#read.link;
  }

  /** What in the address was not understood. */
  get faults(): Fault[] {
    return this.#read.faults;
  }

  /** The address of this page with changes, for an `href`. */
  href(changes: Partial<Link>): string {
    return formatLink({ ...this.link, ...changes });
  }

  /** A further step in the history: another page, another subscription. */
  go(changes: Partial<Link>): void {
    history.pushState(null, "", this.href(changes));
    this.#read = read();
  }

  /** The same step: a slider that moves, a filter that is typed. What was not understood stays told, though the address does not have it any more. */
  replace(changes: Partial<Link>): void {
    history.replaceState(null, "", this.href(changes));
    this.#read = { ...read(), faults: this.faults };
  }

  /** Follows a link to one of the pages. */
  follow(address: string): void {
    history.pushState(null, "", address);
    this.#read = read();
  }

  /** To be called when the address has changed by itself. */
  reread(): void {
    this.#read = read();
  }
}

function read() {
  return parseLink(location.pathname, location.search) ?? { link: emptyLink("explore"), faults: [`${location.pathname}: no such page`] };
}

export const place = new Location();

/** What stays when one goes to another page: what is watched, and how it is shown. */
export function pageLink(page: Link["page"]): string {
  const { watch, kiosk } = place.link;
  return formatLink({ ...emptyLink(page), watch, kiosk });
}
