interface Intervals {
  readonly every: number; // ms
  /** After a failure, which `ask` tells by false. */
  readonly failed: number;
}

/** repeat asks now and again and again, and at once when the page is looked at again; a hidden page asks nothing. It ends with the signal. */
export function repeat(signal: AbortSignal, { every, failed }: Intervals, ask: () => Promise<boolean>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;

  async function run() {
    clearTimeout(timer);
    if (document.hidden || isAsking || signal.aborted) return;
    isAsking = true;
    const went = await ask();
    isAsking = false;
    if (!signal.aborted) timer = setTimeout(run, went ? every : failed);
  }

  document.addEventListener("visibilitychange", run, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  void run();
}
