// Drives a client in a page of Chromium, whose origin is not that of the gateway: `node client.cjs URL` an EventSource, with `--credentials` one that
// sends cookies, `node client.cjs URL VERSION TRANSPORT…` the browser build of a socket.io-client in ../socketio, `node client.cjs URL websocket
// SUBPROTOCOL…` a plain WebSocket. It reads and writes as ../socketio/client.cjs does; an EventSource and a WebSocket report "connect" when they are open.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const readline = require("node:readline");
const { launch } = require("./chromium.cjs");

const [url, ...options] = process.argv.slice(2);
const withCredentials = options[0] === "--credentials";
const [version, ...transports] = withCredentials ? [] : options;
const events = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_metadata", "atlas_error"];

function clientFile() {
  const files = ["dist/socket.io.js", "socket.io.js"].map((name) => path.join(__dirname, "../socketio/node_modules", `socket.io-client-${version}`, name));
  return fs.readFileSync(files.find((file) => fs.existsSync(file)));
}

function startSocket({ url, transports, events }) {
  const socket = io(url, { path: "/stream/socket.io", transports, reconnectionDelay: 50, reconnectionDelayMax: 50 });
  socket.io.on("open", () => socket.io.engine.on("upgrade", (transport) => report("upgrade", transport.name)));
  socket.on("connect", () => report("connect"));
  socket.on("disconnect", (reason) => report("disconnect", reason));
  for (const name of events) socket.on(name, (...args) => report(name, ...args));
  window.socket = socket;
}

function startEventSource({ url, events, withCredentials }) {
  const source = new EventSource(url, { withCredentials });
  source.addEventListener("open", () => report("connect"));
  source.addEventListener("error", () => report("disconnect", source.readyState));
  for (const name of events) source.addEventListener(name, (event) => report(name, JSON.parse(event.data)));
}

function startWebSocket({ url, transports: subprotocols }) {
  const socket = new WebSocket(url, subprotocols);
  socket.addEventListener("open", () => report("connect"));
  socket.addEventListener("close", () => report("disconnect"));
  socket.addEventListener("message", (event) => report(...JSON.parse(event.data)));
  window.socket = { emit: (...event) => socket.send(JSON.stringify(event)) };
}

async function main() {
  const files = { "/": '<!doctype html><link rel="icon" href="data:,"><title>a page</title>', "/client.js": version && version !== "websocket" && clientFile() };
  const server = http.createServer((request, response) => response.end(files[request.url])).listen(0, "127.0.0.1");
  const browser = await launch();
  const page = await browser.newPage();
  page.on("console", (message) => process.stderr.write(`${message.text()}\n`));
  page.on("pageerror", (error) => process.stderr.write(`${error}\n`));
  await page.exposeFunction("report", (...event) => { process.stdout.write(`${JSON.stringify(event)}\n`); });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  if (version === "websocket") {
    await page.evaluate(startWebSocket, { url, transports });
  } else if (version) {
    await page.addScriptTag({ url: "/client.js" });
    await page.evaluate(startSocket, { url, transports, events });
  } else {
    await page.evaluate(startEventSource, { url, events, withCredentials });
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await page.evaluate((event) => socket.emit(...event), JSON.parse(line));
  }
  await browser.close();
  process.exit(0);
}

main().catch((error) => { process.stderr.write(`${error}\n`); process.exit(1); });
