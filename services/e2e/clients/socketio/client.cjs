// Drives one real Socket.IO client: `node client.cjs VERSION URL TRANSPORT…`, VERSION being 1.4, 1.7, 2.5, 3.1 or 4.8, TRANSPORT websocket or polling.
// Standard input has one JSON array a line, ["event", argument, …], which the client emits; standard output has one a line for each event that it
// receives, including ["connect"], ["recovered"], ["upgrade", transport] and ["disconnect", reason]. It reconnects automatically, and ends with its standard input.
const readline = require("node:readline");

const [version, url, ...transports] = process.argv.slice(2);
const client = require(`socket.io-client-${version}`);
const io = client.io ?? client;
const events = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_metadata", "atlas_error", "atlas_backlog_sent"];

const report = (...event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const socket = io(url, { path: "/stream/socket.io", transports, reconnectionDelay: 50, reconnectionDelayMax: 50 });
socket.io.on("open", () => {
  socket.io.engine.on("upgrade", (transport) => report("upgrade", transport.name));
  socket.io.engine.on("error", (error) => process.stderr.write(`${error}: ${JSON.stringify(error.description)} ${error.description}\n`));
});
socket.on("connect", () => {
  report("connect");
  if (socket.recovered) report("recovered");
});
socket.on("disconnect", (reason) => report("disconnect", reason));
socket.on("connect_error", (error) => process.stderr.write(`connecting: ${error}\n`));
for (const name of events) socket.on(name, (...args) => report(name, ...args));

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", (line) => socket.emit(...JSON.parse(line)));
lines.on("close", () => { socket.close(); process.exit(0); });
