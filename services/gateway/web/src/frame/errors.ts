/** An error as the gateway words it: `[code] words`. The code stays the same; the words are for a person. */
export interface GatewayError {
  code: string;
  words: string;
}

const inBrackets = /^\[([a-z_]+)\] ?([^]*)$/;

/** Reads `[code] words`, and has the code "unknown" for anything else that was sent. */
export function parseError(sent: unknown): GatewayError {
  const text = typeof sent === "string" ? sent : (JSON.stringify(sent) ?? String(sent));
  const match = inBrackets.exec(text);
  return match ? { code: match[1] ?? "", words: match[2] ?? "" } : { code: "unknown", words: text };
}

/** Where an error is shown: at the field of a form, at the subscription, or on the page. */
export type Place = "field" | "subscription" | "page";

export interface Meaning {
  place: Place;
  /** What the viewer can do. */
  remedy: string;
  /** The same may go well in some seconds: it is tried again. */
  temporary?: true;
}

const replays = "Choose another interval or speed.";

/** Every code of the contract (the table under Errors in the gateway's README), and what the read API has beside them. */
export const meanings: Readonly<Record<string, Meaning>> = {
  malformed: { place: "subscription", remedy: "Correct the JSON: a subscription is one object of parameters." },
  unknown_event: { place: "page", remedy: "The pages and the gateway are not of one version: reload the page." },
  unknown_parameter: { place: "field", remedy: "Take the parameter away, or correct its name." },
  repeated_parameter: { place: "field", remedy: "Give the parameter once." },
  missing_parameter: { place: "field", remedy: "Give the parameter." },
  invalid_parameter: { place: "field", remedy: "Correct the value." },
  unserved_parameter: { place: "subscription", remedy: "This gateway replays nothing (--history off): watch the measurement live." },
  bad_cursor: { place: "subscription", remedy: "Subscribe anew." },
  cursor_gone: { place: "subscription", remedy: "What came in between is missing here. Replay it, if this gateway replays the past." },
  unknown_measurement: {
    place: "field",
    remedy: "Check the ID. If the measurement is not public, give a token of the role non-public (key at the top).",
  },
  not_subscribed: { place: "subscription", remedy: "Nothing is to be done: the subscription has ended already." },
  invalid_token: { place: "page", remedy: "Give another token, or none (key at the top)." },
  too_many_subscriptions: { place: "subscription", remedy: "Close other subscriptions or pages that run at this address." },
  too_many_connections: { place: "page", remedy: "Close other pages at this address. It is tried again.", temporary: true },
  too_many_messages: { place: "page", remedy: "Wait some seconds. It is tried again.", temporary: true },
  not_allowed: { place: "subscription", remedy: "Give a token of the role history (key at the top)." },
  before_log: { place: "field", remedy: "Start at the earliest time that the words name." },
  too_fast: { place: "field", remedy: "Choose a speed up to the limit that the words name." },
  already_live: { place: "subscription", remedy: "End the live subscription to this measurement first." },
  already_playing: { place: "subscription", remedy: "End the other replay of this measurement first." },
  too_many_replays: { place: "subscription", remedy: "Close another replay, or wait until one ends." },
  too_much: { place: "field", remedy: replays },
  too_many_clients: { place: "page", remedy: "The gateway is full. It is tried again.", temporary: true },
  unavailable: { place: "page", remedy: "The gateway cannot read its log. It is tried again.", temporary: true },
  gap: { place: "subscription", remedy: "The row shows between which times results are missing." },
  too_slow: { place: "page", remedy: "This machine or its connection took too little. It is tried again.", temporary: true },
  unknown_path: { place: "page", remedy: "The pages and the gateway are not of one version: reload the page." },
  too_many_reads: { place: "page", remedy: "The gateway reads its log for others. It is tried again.", temporary: true },
  unknown_method: { place: "page", remedy: "The pages and the gateway are not of one version: reload the page." },
  please_reconnect: { place: "page", remedy: "Another gateway has fewer clients. It is tried again.", temporary: true },
  shutting_down: { place: "page", remedy: "Another gateway takes over. It is tried again.", temporary: true },
};

/** What pages call what is no answer of the gateway's. */
const noAnswers: Readonly<Record<string, Meaning>> = {
  absent: { place: "page", remedy: "This gateway does not have it." },
  unreachable: { place: "page", remedy: "The gateway is away, or the network is. It is tried again.", temporary: true },
  unreadable: {
    place: "page",
    remedy: "Something between this page and the gateway answers, such as a proxy. It is tried again.",
    temporary: true,
  },
};

/** What a page does with an error whose code it does not know: a newer gateway may have more. */
const unknownMeaning: Meaning = { place: "page", remedy: "This page does not know the code: reload it." };

export function meaningOf(code: string): Meaning {
  const known = { ...noAnswers, ...meanings };
  return Object.hasOwn(known, code) ? (known[code] ?? unknownMeaning) : unknownMeaning;
}

/** `[invalid_parameter] msm: got …` is about `msm`: the words of an error about a parameter begin with its name. */
export function parameterOf({ words }: GatewayError): string | undefined {
  return /^([\w.[\]]+):/.exec(words)?.[1];
}
