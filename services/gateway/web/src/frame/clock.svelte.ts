/** The time by the gateway's clock, as the events are told by other clocks than the viewer's. It ticks once a second, for what says "4 s behind". */
class Clock {
  #ahead = 0; // of the viewer's clock, in seconds
  #now = $state(Date.now() / 1000);

  /** Unix seconds; whoever reads it in a template is drawn again each second. */
  get now(): number {
    return this.#now;
  }

  /** The same to the millisecond, for what needs no drawing. */
  current(): number {
    return Date.now() / 1000 + this.#ahead;
  }

  tick(): void {
    this.#now = this.current();
  }

  /** Takes what the gateway says the time is. */
  set(now: number): void {
    const ahead = now - Date.now() / 1000;
    this.#ahead = Math.abs(ahead) > 2 ? ahead : 0; // less is the network
    this.tick();
  }
}

export const clock = new Clock();
