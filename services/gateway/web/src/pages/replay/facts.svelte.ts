import { ApiError } from "../../api/client.ts";
import type { Measurement, Outages, Volume } from "../../api/types.ts";
import { withRetry } from "../../api/retry.ts";
import { api } from "../../frame/api.ts";
import type { GatewayError } from "../../frame/errors.ts";
import type { Extent } from "../../replay/extent.ts";
import type { Limit } from "./speeds.ts";

/** What is replayed: a measurement's results, or connection events. */
export type Subject = { msm: number } | { stream: "probestatus" };

const buckets = 240;
const patience = 400; // ms without a further change before the gateway is asked: each answer costs it reading

/** What the gateway knows of an interval before it is replayed. */
export class Facts {
  volume = $state.raw<Volume | undefined>();
  volumeFault = $state.raw<GatewayError | undefined>();
  limit = $state.raw<Limit | undefined>();
  limitFault = $state.raw<GatewayError | undefined>();
  /** What the registry knows; undefined until it has answered. */
  measurement = $state.raw<Measurement | null | undefined>();
  outages = $state.raw<Outages | undefined>();
  outagesFault = $state.raw<GatewayError | undefined>();

  /** Asks for the timeline's bars. The function that it returns gives that up. */
  askVolume(subject: Subject, { from, to }: Extent): () => void {
    this.volumeFault = undefined;
    const failed = (error: unknown) => {
      this.volume = undefined;
      this.volumeFault = faultOf(error);
    };
    return later(async (signal) => {
      try {
        this.volume = await withRetry(() => api.volume({ ...subject, from, to, buckets }, signal), signal, failed);
        this.volumeFault = undefined;
      } catch (error) {
        if (!signal.aborted) failed(error);
      }
    });
  }

  /** Asks which outages there were. */
  askOutages({ from, to }: Extent): () => void {
    const interval = { from: Math.max(from, to - longestOutages), to };
    const failed = (error: unknown) => {
      this.outages = undefined;
      this.outagesFault = faultOf(error);
    };
    return later(async (signal) => {
      try {
        this.outages = await withRetry(() => api.outages(interval, signal), signal, failed);
        this.outagesFault = undefined;
      } catch (error) {
        if (!signal.aborted) failed(error);
      }
    });
  }

  /** Asks how fast an interval may be replayed, and what is known of the measurement. */
  askLimit(subject: Subject, { from, to }: Extent): () => void {
    this.limit = this.measurement = this.limitFault = undefined;
    if (!("msm" in subject)) return () => {};
    return later(async (signal) => {
      const answer = await withRetry(
        () => api.measurement(subject.msm, { from, to }, signal),
        signal,
        (error) => (this.limitFault = faultOf(error)),
      ).catch(() => undefined);
      if (signal.aborted) return;
      this.limitFault = undefined;
      this.limit = answer?.speed ?? undefined;
      this.measurement = answer?.measurement ?? null;
    });
  }
}

/** What one answer of /api/outages may cover. */
const longestOutages = 7 * 86400; // seconds

function later(ask: (signal: AbortSignal) => Promise<void>): () => void {
  const ended = new AbortController();
  const timer = setTimeout(() => void ask(ended.signal), patience);
  return () => {
    clearTimeout(timer);
    ended.abort();
  };
}

export function faultOf(error: unknown): GatewayError | undefined {
  return error instanceof ApiError ? { code: error.code, words: error.words } : undefined;
}
