import fc from "fast-check";
import { expect, test } from "vitest";
import { EventStreamParser } from "./eventstream.ts";

const stream =
  ': hello\n\nevent: outages\r\ndata: {"a":\r\ndata: 1}\r\n\r\n:comment\ndata:no space\nid: 7\n\nevent: nothing\n\nevent: outage\rdata:  two spaces\r\rdata: last';
const events = [
  { event: "outages", data: '{"a":\n1}' },
  { event: "message", data: "no space" },
  { event: "outage", data: " two spaces" },
];

test("events are read, wherever the text is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
      const parser = new EventStreamParser();
      const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
      expect(edges.slice(1).flatMap((end, i) => parser.push(stream.slice(edges[i], end)))).toEqual(events);
    }),
  );
});

test("no text throws", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => texts.forEach((text) => new EventStreamParser().push(text))));
});
