import curl from "../../../../../../examples/snippets/curl.sh?raw";
import eventSource from "../../../../../../examples/snippets/eventsource.js?raw";
import { fill } from "../../../../../../examples/snippets/fill.mjs";
import python from "../../../../../../examples/snippets/python.py?raw";
import socketIO from "../../../../../../examples/snippets/socketio.js?raw";
import type { Parameters } from "../../link/link.ts";

/** The same in other languages: what examples/snippets has, which tests run. */
const snippets = [
  { name: "JavaScript", text: socketIO, needs: "socket.io-client, in Node or a bundled page" },
  { name: "EventSource", text: eventSource, needs: "a browser, and nothing else" },
  { name: "curl", text: curl, needs: "curl" },
  { name: "Python", text: python, needs: "websocket-client" },
] as const;

export interface Snippet {
  name: string;
  needs: string;
  text: string;
}

/** A snippet never has the viewer's token in it: it asks for $TOKEN. */
export function snippetsOf(parameters: Parameters, gateway: string, needsToken: boolean): Snippet[] {
  return snippets.map(({ name, needs, text }) => ({
    name,
    needs,
    text: fill(text, { gateway, subscription: parameters, token: needsToken }),
  }));
}
