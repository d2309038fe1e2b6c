/** An event of a stream of Server-Sent Events. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** So long a line may be; a longer one ends the stream. */
const longestLine = 16 << 20;

/** EventStreamParser reads Server-Sent Events from text that comes in pieces, cut anywhere. EventSource could not send a token. */
export class EventStreamParser {
  #rest = "";
  #event = "";
  #data: string[] = [];

  push(text: string): ServerSentEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/); // a CR at the end may be half of a CRLF
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > longestLine) throw new RangeError("a line of the event stream is too long");
    return lines.flatMap((line) => this.#take(line) ?? []);
  }

  #take(line: string): ServerSentEvent | undefined {
    if (line === "") return this.#dispatch();
    const [, name = "", value = ""] = /^([^:]*)(?::(?: )?([^]*))?$/.exec(line) ?? [];
    if (name === "event") this.#event = value;
    if (name === "data") this.#data.push(value);
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const event = { event: this.#event || "message", data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return isEmpty ? undefined : event;
  }
}
