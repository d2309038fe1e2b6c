// Drives one real client of Server-Sent Events: `node client.cjs CLIENT URL`, CLIENT being a name of sources. Standard output has one JSON array a line for
// each event that it receives, including ["connect"] and ["disconnect", readyState]. It reconnects automatically, and ends with its standard input.
const url = process.argv[3];
const events = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_metadata", "atlas_error"];
const report = (...event) => process.stdout.write(`${JSON.stringify(event)}\n`);

// listen is for clients with the interface of a browser's EventSource.
function listen(source) {
  source.addEventListener("open", () => report("connect"));
  source.addEventListener("error", () => report("disconnect", source.readyState));
  for (const name of events) source.addEventListener(name, (event) => report(name, JSON.parse(event.data)));
}

// fetchEvents is for fetch-event-source, which is made for pages.
async function fetchEvents() {
  Object.assign(globalThis, { window: globalThis, document: { hidden: false, addEventListener() {}, removeEventListener() {} } });
  const { fetchEventSource } = require("@microsoft/fetch-event-source");
  await fetchEventSource(url, {
    async onopen() { report("connect"); },
    onerror() { report("disconnect"); },
    onmessage({ event, data }) { if (events.includes(event)) report(event, JSON.parse(data)); },
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
