// Drives a client in a page of Chromium, whose origin is not that of the gateway: `node client.cjs URL` an EventSource, with `--credentials` behind it one that
// has cookies sent along, `node client.cjs URL VERSION TRANSPORT…` the browser build of a socket.io-client in ../socketio, `node client.cjs URL websocket
// SUBPROTOCOL…` a plain WebSocket. It speaks as ../socketio/client.cjs does; an EventSource and a WebSocket tell of "connect" when they are open.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const readline = require("node:readline");
const { launch } = require("./chromium.cjs");

const [url, ...options] = process.argv.slice(2);
const withCredentials = options[0] === "--credentials";
const [version, ...transports] = withCredentials ? [] : options;
const heard = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_metadata", "atlas_error"];

function clientFile() {
  const files = ["dist/socket.io.js", "socket.io.js"].map((name) => path.join(__dirname, "../socketio/node_modules", `socket.io-client-${version}`, name));
  return fs.readFileSync(files.find((file) => fs.existsSync(file)));
}

function startSocket({ url, transports, heard }) {
  const socket = io(url, { path: "/stream/socket.io", transports, reconnectionDelay: 50, reconnectionDelayMax: 50 });
  socket.io.on("open", () => socket.io.engine.on("upgrade", (transport) => say("upgrade", transport.name)));
  socket.on("connect", () => say("connect"));
  socket.on("disconnect", (reason) => say("disconnect", reason));
  for (const name of heard) socket.on(name, (...args) => say(name, ...args));
  window.socket = socket;
}

function startEventSource({ url, heard, withCredentials }) {
  const source = new EventSource(url, { withCredentials });
  source.addEventListener("open", () => say("connect"));
  source.addEventListener("error", () => say("disconnect", source.readyState));
  for (const name of heard) source.addEventListener(name, (event) => say(name, JSON.parse(event.data)));
}

function startWebSocket({ url, transports: subprotocols }) {
  const socket = new WebSocket(url, subprotocols);
  socket.addEventListener("open", () => say("connect"));
  socket.addEventListener("close", () => say("disconnect"));
  socket.addEventListener("message", (event) => say(...JSON.parse(event.data)));
  window.socket = { emit: (...event) => socket.send(JSON.stringify(event)) };
}

async function main() {
  const files = { "/": '<!doctype html><link rel="icon" href="data:,"><title>a page</title>', "/client.js": version && version !== "websocket" && clientFile() };
  const server = http.createServer((request, response) => response.end(files[request.url])).listen(0, "127.0.0.1");
  const browser = await launch();
  const page = await browser.newPage();
  page.on("console", (message) => process.stderr.write(`${message.text()}\n`));
  page.on("pageerror", (error) => process.stderr.write(`${error}\n`));
  await page.exposeFunction("say", (...event) => { process.stdout.write(`${JSON.stringify(event)}\n`); });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  if (version === "websocket") {
    await page.evaluate(startWebSocket, { url, transports });
  } else if (version) {
    await page.addScriptTag({ url: "/client.js" });
    await page.evaluate(startSocket, { url, transports, heard });
  } else {
    await page.evaluate(startEventSource, { url, heard, withCredentials });
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await page.evaluate((event) => socket.emit(...event), JSON.parse(line));
  }
  await browser.close();
  process.exit(0);
}

main().catch((error) => { process.stderr.write(`${error}\n`); process.exit(1); });
