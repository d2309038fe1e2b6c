import type { Socket } from "socket.io-client";
import { meaningOf, parseError, type GatewayError } from "../frame/errors.ts";
import type { Parameters } from "../link/link.ts";
import { Backoff } from "./backoff.ts";
import { both, gapOf } from "./gap.ts";
import { isRecord, keyOf, timeOf, type AtlasRecord } from "./record.ts";
import type { Gap, StreamState } from "./state.ts";
import { watchFrames, type Frame } from "./frames.ts";

/** One delivery of a record. */
export interface Delivery {
  event: "atlas_result" | "atlas_probestatus" | "atlas_metadata";
  record: AtlasRecord;
  /** The place right after it, where the subscription has cursors. All records of an array have that of the last one. */
  cursor: string | undefined;
}

export interface StreamHandlers {
  deliver(deliveries: readonly Delivery[]): void;
  state?(state: StreamState): void;
  /** The connection is back: resumed by the cursor, so that nothing is missing, or with a gap, which `gap` gets too. A gap that is told later calls it again. */
  back?(missed: Gap | undefined): void;
  gap?(gap: Gap): void;
  /** An error that ends nothing. */
  complain?(error: GatewayError): void;
  /** The backlog is sent; what comes now is new. */
  backlogSent?(): void;
  frame?(frame: Frame): void;
}

export interface StreamOptions {
  /** The viewer's token, or "". It is asked for at each connection. */
  token?(): string;
  /** For the operator's metrics. */
  client?: string;
}

/** How many deliveries are remembered, so that a backlog after a lost connection repeats none of them. */
const remembered = 5000;

/** After the computer has slept, a dead connection may look alive: one that has been silent for longer than this is reopened. */
const suspectAfter = 30; // seconds

/** A gap within this time after reconnecting is of what came while the connection was lost. */
const resuming = 60; // seconds

/**
 * A subscription with a connection of its own, which is reopened whenever it is lost, until `close`.
 *
 * The gateway sends a record that several subscriptions of a client match once, and does not say which of them it is for. A page that has to know, to give each
 * its colour, therefore opens a Stream for each. With `"cursor": ""` in the parameters, what comes while the connection is lost is delivered afterwards:
 * socket.io-client sends the last cursor back by itself (`socket.recovered`). Where that is not possible, the Stream subscribes with the cursor, or else restarts
 * and says what is missing.
 */
export class Stream {
  readonly parameters: Parameters;
  readonly #handlers: StreamHandlers;
  readonly #socket: Socket;
  readonly #backoff = new Backoff();
  readonly #keys = new Map<string, true>(); // of the last deliveries, the oldest first
  #state: StreamState = { is: "connecting" };
  #retry: ReturnType<typeof setTimeout> | undefined;
  #cursor: string | undefined; // of the last delivery
  #newest: number | undefined; // time of the newest event
  #heardAt = Date.now(); // when anything came last
  #asked: "nothing" | "to begin" | "to resume" = "nothing"; // what the gateway has not confirmed yet
  #wasLive = false;
  #finished = false; // the replay is at its end
  #skipRepeats = false; // while a backlog comes that may have what was delivered before
  #missed: Gap | undefined; // since the connection was lost
  #backAt = -Infinity; // when it was back, in ms

  constructor(parameters: Parameters, handlers: StreamHandlers, options: StreamOptions = {}) {
    this.parameters = parameters;
    this.#handlers = handlers;
    if (typeof io === "undefined") throw new Error("/socket.io.js is not loaded");
    this.#socket = io(location.origin, {
      path: "/stream/socket.io",
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      forceNew: true,
      reconnection: false, // the page says when the next try is, and has a button for it
      auth: (give) => give(options.token?.() ? { token: options.token() } : {}),
      query: { client: options.client ?? "pages" },
    });
    this.#listen();
    if (handlers.frame) watchFrames(this.#socket, () => options.token?.() ?? "", handlers.frame);
  }

  get state(): StreamState {
    return this.#state;
  }

  /** The place after the last delivery. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** Ends the subscription for good. */
  close(): void {
    clearTimeout(this.#retry);
    this.#socket.off();
    this.#socket.disconnect();
  }

  /** Connects at once, if the connection is lost. */
  retry(): void {
    if (this.#state.is !== "lost") return;
    clearTimeout(this.#retry);
    this.#become({ is: "connecting" });
    this.#socket.connect();
  }

  /** To be called when the page becomes visible again. */
  check(): void {
    if (this.#state.is === "live" && Date.now() - this.#heardAt > suspectAfter * 1000) this.#socket.io.engine.close();
    this.retry();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("connect", () => this.#connected());
    socket.on("disconnect", () => this.#lost());
    socket.on("connect_error", (error) => this.#notConnected(parseError(error.message)));
    socket.on("atlas_subscribed", () => this.#subscribed());
    socket.on("atlas_unsubscribed", () => this.#unsubscribed());
    socket.on("atlas_replay_finished", () => (this.#finished = true));
    socket.on("atlas_backlog_sent", () => this.#backlogSent());
    socket.on("atlas_cursor", (cursor: string) => (this.#cursor = cursor));
    socket.on("atlas_error", (sent: unknown) => this.#complained(parseError(sent)));
    for (const event of ["atlas_result", "atlas_probestatus", "atlas_metadata"] as const) {
      socket.on(event, (payload: unknown, cursor?: string) => this.#delivered(event, payload, cursor));
    }
  }

  #connected(): void {
    this.#heardAt = Date.now();
    if (this.#socket.recovered) return; // the gateway resumes by itself, with atlas_subscribed
    if (this.#cursor === undefined) this.#begin();
    else this.#resume(this.#cursor);
  }

  #begin(): void {
    this.#asked = "to begin";
    this.#socket.emit("atlas_subscribe", this.parameters);
  }

  #resume(cursor: string): void {
    this.#asked = "to resume";
    const parameters: Parameters = { ...this.parameters, cursor };
    delete parameters["sendBacklog"]; // what comes behind a cursor comes from the log anyway
    this.#socket.emit("atlas_subscribe", parameters);
  }

  #subscribed(): void {
    this.#asked = "nothing";
    this.#backoff.reset();
    this.#become({ is: "live" });
    if (this.#wasLive) this.#back();
    this.#wasLive = true;
  }

  #back(): void {
    this.#backAt = Date.now();
    this.#handlers.back?.(this.#missed);
  }

  #unsubscribed(): void {
    if (this.#state.is === "refused") return; // atlas_error has told why
    this.#become({ is: "ended", why: this.#finished ? "finished" : "stopped" });
    this.#socket.disconnect();
  }

  #backlogSent(): void {
    this.#skipRepeats = false;
    this.#handlers.backlogSent?.();
  }

  #delivered(event: Delivery["event"], payload: unknown, cursor: string | undefined): void {
    this.#heardAt = Date.now();
    const records = (Array.isArray(payload) ? payload : [payload]).filter(isRecord).filter((record) => this.#isNew(record));
    if (typeof cursor === "string") this.#cursor = cursor;
    for (const record of records) this.#newest = Math.max(this.#newest ?? 0, timeOf(record) ?? 0);
    this.#handlers.deliver(records.map((record) => ({ event, record, cursor })));
  }

  #isNew(record: AtlasRecord): boolean {
    const key = keyOf(record);
    if (this.#skipRepeats && this.#keys.has(key)) return false;
    this.#keys.set(key, true);
    if (this.#keys.size > remembered) this.#keys.delete(this.#keys.keys().next().value as string);
    return true;
  }

  #complained(error: GatewayError): void {
    if (this.#asked === "to resume") this.#restart(error);
    else if (this.#asked === "to begin" && meaningOf(error.code).temporary) this.#retryLater(error);
    else if (this.#asked === "to begin" || error.code === "unknown_measurement" || error.code === "invalid_token") this.#refuse(error);
    else if (error.code === "gap" || error.code === "cursor_gone") this.#misses(error);
    else this.#handlers.complain?.(error);
  }

  #misses(error: GatewayError): void {
    const gap = gapOf(error, this.#newest, Date.now() / 1000);
    this.#missed = this.#missed ? both(this.#missed, gap) : gap;
    this.#handlers.gap?.(gap);
    if (this.#state.is === "live" && Date.now() - this.#backAt < resuming * 1000) this.#back();
  }

  /** The cursor is gone: a live subscription restarts, with its backlog; a replay, which would repeat everything, ends. */
  #restart(error: GatewayError): void {
    if (meaningOf(error.code).temporary) return this.#retryLater(error);
    if ("startTime" in this.parameters) return this.#refuse(error);
    this.#misses(error);
    this.#cursor = undefined;
    this.#skipRepeats = this.parameters["sendBacklog"] === true;
    this.#begin();
  }

  #refuse(error: GatewayError): void {
    this.#become({ is: "refused", error });
    this.#socket.disconnect();
  }

  /** Reconnects later, as the reason is temporary. */
  #retryLater(error: GatewayError): void {
    this.#handlers.complain?.(error);
    this.#socket.disconnect(); // which is "lost"
  }

  #notConnected(error: GatewayError): void {
    if (error.code !== "unknown" && !meaningOf(error.code).temporary) this.#refuse(error);
    else this.#lost();
  }

  #lost(): void {
    this.#asked = "nothing";
    if (this.#state.is === "live") this.#missed = undefined;
    if (this.#state.is === "refused" || this.#state.is === "ended") return;
    const wait = this.#backoff.next();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.retry(), wait);
    this.#become({ is: "lost", nextTry: (Date.now() + wait) / 1000 });
  }

  #become(state: StreamState): void {
    this.#state = state;
    this.#handlers.state?.(state);
  }
}
