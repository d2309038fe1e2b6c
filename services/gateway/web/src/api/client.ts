import type { Connections, Gateway, MeasurementInLog, Measurements, Outages, Probes, Volume } from "./types.ts";
import { parseError } from "../frame/errors.ts";

/** An answer other than what was asked for. Its code is one of the contract's, "absent" where the gateway has no such path, or "unreachable". */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  readonly words: string;
  readonly retryAfter: number | undefined; // seconds

  constructor(code: string, words: string, retryAfter?: number) {
    super(`[${code}] ${words}`);
    this.code = code;
    this.words = words;
    this.retryAfter = retryAfter;
  }
}

type Query = Record<string, string | number | undefined>;

/** The read API of the gateway that serves the page, with the token that the viewer has given. */
export class Api {
  readonly #token: () => string;
  readonly #fetch: typeof fetch;

  constructor(token: () => string, fetcher: typeof fetch = (...request) => fetch(...request)) {
    this.#token = token;
    this.#fetch = fetcher;
  }

  gateway(signal?: AbortSignal): Promise<Gateway> {
    return this.#get("/api/gateway", {}, signal);
  }

  measurements(
    query: { q?: string; type?: string; af?: number; status?: string; source?: string; after?: number; limit?: number },
    signal?: AbortSignal,
  ): Promise<Measurements> {
    return this.#get("/api/measurements", query, signal);
  }

  measurement(id: number, interval: { from?: number; to?: number } = {}, signal?: AbortSignal): Promise<MeasurementInLog> {
    return this.#get(`/api/measurements/${id}`, interval, signal);
  }

  volume(
    query: ({ msm: number } | { stream: "probestatus" }) & { from: number; to?: number; buckets?: number },
    signal?: AbortSignal,
  ): Promise<Volume> {
    return this.#get("/api/volume", query, signal);
  }

  probes(signal?: AbortSignal): Promise<Probes> {
    return this.#get("/api/probes", {}, signal);
  }

  connections(query: { step?: number; country?: string } = {}, signal?: AbortSignal): Promise<Connections> {
    return this.#get("/api/connections", query, signal);
  }

  outages(query: { from?: number; to?: number; at?: number; watch?: string } = {}, signal?: AbortSignal): Promise<Outages> {
    return this.#get("/api/outages", query, signal);
  }

  /** Any answer that is not JSON with the status 200 becomes an ApiError; an abort stays one. */
  async #get<Answer>(path: string, query: Query, signal: AbortSignal | undefined): Promise<Answer> {
    const response = await this.request(path, query, { ...(signal && { signal }) });
    return (await response.json()) as Answer;
  }

  /** The same for answers that are read otherwise, as /api/outages is with `Accept: text/event-stream`: EventSource cannot send a token. */
  async request(path: string, query: Query, { signal, accept }: { signal?: AbortSignal; accept?: string }): Promise<Response> {
    const headers = new Headers({ Accept: accept ?? "application/json" });
    if (this.#token() !== "") headers.set("Authorization", `Bearer ${this.#token()}`);
    let response: Response;
    try {
      response = await this.#fetch(address(path, query), { headers, ...(signal && { signal }) });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError("unreachable", "the gateway does not answer");
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

function address(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  return given.length > 0 ? `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : path;
}

/** What the gateway says instead of an answer. A path that it does not have at all is answered in plain words. */
async function refusal(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? NaN);
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === "object" && body !== null && "error" in body) {
    const { code, words } = parseError(body.error);
    return new ApiError(code, words, Number.isFinite(retryAfter) ? retryAfter : undefined);
  }
  if (response.status === 404) return new ApiError("absent", "this gateway has no such path");
  return new ApiError("unknown", `status ${response.status}`);
}
