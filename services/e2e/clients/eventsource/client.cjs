// Drives one real client of Server-Sent Events: `node client.cjs CLIENT URL`, CLIENT being a name of sources. Standard output has one JSON array a line for
// each event that it hears, ["connect"] and ["disconnect", readyState] among them. It comes back by itself, and ends with its standard input.
const url = process.argv[3];
const heard = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_metadata", "atlas_error"];
const say = (...event) => process.stdout.write(`${JSON.stringify(event)}\n`);

// listen is for those that are made as a browser's EventSource.
function listen(source) {
  source.addEventListener("open", () => say("connect"));
  source.addEventListener("error", () => say("disconnect", source.readyState));
  for (const name of heard) source.addEventListener(name, (event) => say(name, JSON.parse(event.data)));
}

// fetchEvents is for fetch-event-source, which is made for pages.
async function fetchEvents() {
  Object.assign(globalThis, { window: globalThis, document: { hidden: false, addEventListener() {}, removeEventListener() {} } });
  const { fetchEventSource } = require("@microsoft/fetch-event-source");
  await fetchEventSource(url, {
    async onopen() { say("connect"); },
    onerror() { say("disconnect"); },
    onmessage({ event, data }) { if (heard.includes(event)) say(event, JSON.parse(data)); },
  });
}

const sources = {
  "event-source-polyfill": () => listen(new (require("event-source-polyfill").EventSourcePolyfill)(url)),
  "eventsource-1": () => listen(new (require("eventsource-1"))(url)),
  "eventsource-2": () => listen(new (require("eventsource-2"))(url)),
  "eventsource-5": () => listen(new (require("eventsource-5").EventSource)(url)),
  "launchdarkly-eventsource": () => listen(new (require("launchdarkly-eventsource").EventSource)(url)),
  "fetch-event-source": fetchEvents,
};

sources[process.argv[2]]();
process.stdin.resume().on("end", () => process.exit(0));
