import type { PageState } from "../stream/state.ts";

/** What the chip at the top says, and does. A page shows its state here, and takes it back when it is left. */
class Chip {
  state = $state.raw<PageState>({ is: "idle" });
  /** Tries again now, where the connection is lost. */
  retry = $state.raw<(() => void) | undefined>();

  show(state: PageState, retry?: () => void): void {
    this.state = state;
    this.retry = retry;
  }

  clear(): void {
    this.show({ is: "idle" });
  }
}

export const chip = new Chip();
