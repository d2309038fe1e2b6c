/** So long the page may be busy at a stretch: a press of a key is answered within a frame. */
const longest = 12; // ms

/** Slices cuts work into tasks: between two of them the page answers who uses it. */
export class Slices {
  #began = performance.now();

  /** pause gives way if it is time to. */
  async pause(): Promise<void> {
    if (performance.now() - this.#began < longest) return;
    await new Promise<void>((resume) => {
      const { port1, port2 } = new MessageChannel(); // timers of a page in the background wait for a second
      port1.onmessage = () => {
        port1.close();
        resume();
      };
      port2.postMessage(null);
    });
    this.#began = performance.now();
  }
}
