import { parseTime, timeGrammar } from "../time/parse.ts";
import { toISO } from "../time/format.ts";
import type { Parameters } from "./link.ts";

/** How one value is written. `parse` gives undefined for what is none; `want` says what would be one. */
interface Codec<Value> {
  parse(text: string): Value | undefined;
  format(value: Value): string;
  want: string;
}

/** How a field of a link is written: its values in the query, in their order. */
interface Field<Value> {
  parse(texts: string[], blame: (fault: string) => void): Value;
  format(value: Value): string[];
}

export type Decoded<Of> = Of extends Field<infer Value> ? Value : never;

export const time: Codec<number> = {
  parse: (text) => parseTime(text, Date.now() / 1000),
  format: toISO,
  want: timeGrammar,
};

export const speed: Codec<number | "max"> = {
  parse: (text) => (text === "max" ? text : Number(text) > 0 && Number.isFinite(Number(text)) ? Number(text) : undefined),
  format: String,
  want: "a number above 0, or max",
};

export const flag: Codec<boolean> = {
  parse: (text) => (text === "1" ? true : text === "0" ? false : undefined),
  format: (value) => (value ? "1" : "0"),
  want: "1 or 0",
};

export const seconds: Codec<number> = {
  parse: (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined),
  format: String,
  want: "a whole number of seconds above 0",
};

const longestWord = 100;

export const word: Codec<string> = {
  parse: (text) => (/^[\w.:-]+$/.test(text) && text.length <= longestWord ? text : undefined),
  format: String,
  want: `at most ${longestWord} letters, digits and ._:-`,
};

export const text: Codec<string> = {
  parse: (text) => (text !== "" ? text : undefined),
  format: String,
  want: "some text",
};

export const parameters: Codec<Parameters> = {
  parse(text) {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Parameters) : undefined;
    } catch {
      return undefined;
    }
  },
  format: (value) => JSON.stringify(value),
  want: 'an object of parameters, such as {"msm":1001}',
};

/** A field that is there at most once. */
export function one<Value>(codec: Codec<Value>): Field<Value | undefined> {
  return {
    parse(texts, blame) {
      if (texts.length > 1) blame(`given ${texts.length} times, the first counts`);
      return parsed(codec, texts.slice(0, 1), blame)[0];
    },
    format: (value) => (value === undefined ? [] : [codec.format(value)]),
  };
}

/** A field that may be repeated. */
export function many<Value>(codec: Codec<Value>): Field<Value[]> {
  return { parse: (texts, blame) => parsed(codec, texts, blame), format: (values) => values.map(codec.format) };
}

/** A field whose values stand between commas. */
export function listed<Value>(codec: Codec<Value>): Field<Value[]> {
  return {
    parse(texts, blame) {
      const parts = texts.flatMap((text) => text.split(",")).filter((part) => part !== "");
      return parsed(codec, parts, blame);
    },
    format: (values) => (values.length > 0 ? [values.map(codec.format).join(",")] : []),
  };
}

function parsed<Value>(codec: Codec<Value>, texts: string[], blame: (fault: string) => void): Value[] {
  return texts.flatMap((text) => {
    const value = codec.parse(text);
    if (value === undefined) blame(`got ${JSON.stringify(text)}, want ${codec.want}`);
    return value === undefined ? [] : [value];
  });
}
