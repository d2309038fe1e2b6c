import { ApiError } from "../api/client.ts";
import type { Connections, Gateway, Outages } from "../api/types.ts";
import { api } from "./api.ts";
import { attention } from "./attention.svelte.ts";
import { clock } from "./clock.svelte.ts";

const often = 15_000; // ms, for the gateway itself
const seldom = 60_000; // for what costs it more

/** What the gateway says of itself and of the network, for all pages. */
class Network {
  gateway = $state.raw<Gateway | undefined>();
  /** Why there is no `gateway`: "absent", where it has no read API. */
  fault = $state.raw<ApiError | undefined>();
  connections = $state.raw<Connections | undefined>();
  outages = $state.raw<Outages | undefined>();
  #asked: Promise<void> | undefined; // of the gateway last

  /** Asks again and again until the function that it returns is called. */
  watch(): () => void {
    const ended = new AbortController();
    const asking = [
      repeat(often, ended.signal, () => this.askGateway(ended.signal)),
      repeat(seldom, ended.signal, () => this.#askNetwork(ended.signal)),
      repeat(seldom, ended.signal, () => this.#askOutages(ended.signal), { hidden: true }), // what comes then is told by the tab's title
    ];
    return () => {
      ended.abort();
      for (const stop of asking) stop();
    };
  }

  /** To be called after a change of the token, too. */
  askGateway(signal?: AbortSignal): Promise<void> {
    return (this.#asked = this.#askGateway(signal));
  }

  async #askGateway(signal?: AbortSignal): Promise<void> {
    try {
      this.gateway = await api.gateway(signal);
      this.fault = undefined;
      clock.set(this.gateway.now);
    } catch (error) {
      if (!(error instanceof ApiError)) return;
      this.fault = error;
      if (error.code === "absent") this.gateway = undefined;
    }
  }

  async #askNetwork(signal: AbortSignal): Promise<void> {
    if (!this.gateway) await this.#asked;
    if (this.fault?.code === "absent") return;
    this.connections = await api.connections({ step: 3600 }, signal).catch(() => undefined);
  }

  async #askOutages(signal: AbortSignal): Promise<void> {
    this.outages = await api.outages({}, signal).catch(() => undefined);
    if (this.outages) attention.told(this.outages.outages);
  }
}

/** Calls `ask` now and every `interval`, and at once when the page is looked at again; a hidden page asks nothing, unless `hidden`. */
function repeat(interval: number, signal: AbortSignal, ask: () => Promise<void>, { hidden = false } = {}): () => void {
  const askWhenSeen = () => void (document.hidden && !hidden ? undefined : ask());
  askWhenSeen();
  const timer = setInterval(askWhenSeen, interval);
  document.addEventListener("visibilitychange", askWhenSeen, { signal });
  return () => clearInterval(timer);
}

export const network = new Network();
