import type { Connections, Gateway, MeasurementInLog, Measurements, Outages, Probes, Volume } from "./types.ts";
import { parseError } from "../frame/errors.ts";
import { Backoff } from "../stream/backoff.ts";
import { cut } from "../stream/value.ts";

/**
 * An answer other than what was asked for. Its code is one of the contract's, or "absent" where the gateway has no such path, "unreachable" where nothing answers, and
 * "unreadable" where something else than the gateway does, such as a proxy.
 */
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

/** How often a question is asked while others have the gateway read its log. */
const mostTries = 5;
/** How much of an answer that cannot be read is shown. */
const mostShown = 80;

type Query = Record<string, string | number | undefined>;

/** The read API of the gateway that serves the page, with the token that the viewer has given. */
export class Api {
  readonly #token: () => string;
  readonly #fetch: typeof fetch;
  /** Paths that the gateway has said that it does not have. It will not have them before the page is loaded anew, with another version. */
  readonly #absent = new Set<string>();

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
    return (await readJSON(response, signal)) as Answer;
  }

  /** The same for answers that are read otherwise, as /api/outages is with `Accept: text/event-stream`: EventSource cannot send a token. */
  async request(path: string, query: Query, { signal, accept }: { signal?: AbortSignal; accept?: string }): Promise<Response> {
    const backoff = new Backoff();
    for (let tries = 1; ; tries++) {
      try {
        return await this.#ask(path, query, { ...(signal && { signal }), ...(accept !== undefined && { accept }) });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "too_many_reads" || tries === mostTries) throw error;
        await waiting(Math.max(backoff.next(), (error.retryAfter ?? 0) * 1000), signal);
      }
    }
  }

  async #ask(path: string, query: Query, { signal, accept }: { signal?: AbortSignal; accept?: string }): Promise<Response> {
    if (this.#absent.has(kindOf(path))) throw absent();
    const headers = new Headers({ Accept: accept ?? "application/json" });
    if (this.#token() !== "") headers.set("Authorization", `Bearer ${this.#token()}`);
    const response = await this.#fetch(address(path, query), { headers, ...(signal && { signal }) }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new ApiError("unreachable", "the gateway does not answer");
    });
    if (response.ok) return response;
    const refused = await refusal(response, signal);
    if (refused.code !== "unknown_path") throw refused;
    this.#absent.add(kindOf(path));
    throw absent();
  }
}

/** All measurements have one path. */
function kindOf(path: string): string {
  return path.replace(/\d+$/, "ID");
}

function absent(): ApiError {
  return new ApiError("absent", "this gateway has no such path");
}

function address(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  return given.length > 0 ? `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : path;
}

/** Resolves after so many milliseconds; an abort rejects it. */
export function waiting(wait: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resume, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resume();
    }, wait);
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) end();
  });
}

/** The JSON of an answer. What is none is not the gateway's: it is shown as it came. */
export async function readJSON(response: Response, signal?: AbortSignal): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError("unreachable", "the answer broke off");
  });
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(response, text);
  }
}

function unreadable(response: Response, text: string): ApiError {
  const [kind = ""] = (response.headers.get("Content-Type") ?? "no type").split(";");
  const shown = cut(text.replace(/\s+/g, " ").trim(), mostShown);
  return new ApiError("unreadable", `got status ${response.status}, ${kind}, ${JSON.stringify(shown)}; want JSON of the gateway`);
}

/** What the gateway says instead of an answer. One without the read API says in plain words that it has no such path. */
async function refusal(response: Response, signal: AbortSignal | undefined): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? NaN);
  const body = await readJSON(response, signal).catch((error: unknown) => {
    if (error instanceof ApiError) return error;
    throw error;
  });
  if (body instanceof ApiError) return response.status === 404 ? absent() : body;
  if (typeof body !== "object" || body === null || !("error" in body)) return unreadable(response, JSON.stringify(body));
  const { code, words } = parseError(body.error);
  return new ApiError(code, words, Number.isFinite(retryAfter) ? retryAfter : undefined);
}
