// Drives one real Socket.IO client: `node client.cjs MAJOR URL [OPTIONS]`, OPTIONS being JSON for io().
// Standard input has one JSON array a line, ["event", argument, …], which the client emits; standard output has one a line for each event that it hears,
// ["connect"] and ["disconnect", reason] among them.
const readline = require("node:readline");

const [major, url, options = "{}"] = process.argv.slice(2);
const client = require(`socket.io-client-${major}`);
const io = client.io ?? client;
const heard = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_error"];

const say = (...event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const socket = io(url, { path: "/stream/socket.io", transports: ["websocket"], ...JSON.parse(options) });
socket.on("connect", () => say("connect"));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.on("connect_error", (error) => say("connect_error", String(error)));
for (const name of heard) socket.on(name, (...args) => say(name, ...args));

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", (line) => socket.emit(...JSON.parse(line)));
lines.on("close", () => { socket.close(); process.exit(0); });
