const events = { result: "atlas_result", probestatus: "atlas_probestatus", probe: "atlas_probestatus", metadata: "atlas_metadata" };

// fill turns a snippet, a file of this folder, into a program that can be pasted and run: it replaces the __PLACEHOLDERS__ by a gateway's origin and the
// parameters of atlas_subscribe. It removes lines with TOKEN unless a token is needed.
export function fill(snippet, { gateway, subscription, token = false }) {
  const values = {
    GATEWAY: gateway,
    WEBSOCKET: gateway.replace(/^http/, "ws"),
    SUBSCRIPTION: literal(subscription),
    QUERY: query(subscription),
    EVENT: events[subscription.stream_type ?? subscription.streamType ?? "result"],
  };
  const lines = snippet.split("\n").filter((line) => token || !line.includes("TOKEN"));
  return lines.join("\n").replace(/__([A-Z]+)__/g, (_, name) => values[name]);
}

// literal returns JSON that is valid in JavaScript, in a page's <script> and in a raw string of Python.
function literal(value) {
  return JSON.stringify(value).replace(/['<\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// query returns a query string that is valid between any quotes.
function query(subscription) {
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  return new URLSearchParams(Object.entries(subscription).map(([name, value]) => [name, text(value)])).toString();
}
