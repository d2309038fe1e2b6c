// Raises an alert when several probes of a network lose their connection within ten minutes, and says when it is over:
//   GATEWAY=http://localhost:8080 TOKEN=… node alert.js ASN
import { io } from "socket.io-client";

const asn = Number(process.argv[2]);
if (!(asn > 0)) throw new Error("usage: alert.js ASN");
const several = 3;
const window = 600; // s
const retryPause = 10_000; // ms

const away = new Map(); // probe → Unix time of its disconnect
let alerted = false;

function take({ event, prb_id: probe, timestamp }) {
  if (event === "disconnect") away.set(probe, timestamp);
  else away.delete(probe);
  const recently = [...away].filter(([, since]) => since > timestamp - window).map(([probe]) => probe);
  const time = new Date(timestamp * 1000).toISOString();
  if (!alerted && recently.length >= several) console.log(`${time} ALERT AS${asn}: ${recently.length} probes are away: ${recently.join(", ")}`);
  if (alerted && away.size < several) console.log(`${time} over AS${asn}: ${away.size} probes are away`);
  alerted = alerted ? away.size >= several : recently.length >= several;
}

// After missed events, it is unknown which probes are away.
function missed(why) {
  console.error(why);
  away.clear();
  alerted = false;
}

const socket = io(process.env.GATEWAY ?? "http://localhost:8080", {
  path: "/stream/socket.io",
  query: { client: "example-alert" }, // for the operator's logs
  auth: { token: process.env.TOKEN },
});

function subscribe() {
  socket.emit("atlas_subscribe", { stream_type: "probestatus", equalsTo: { asn }, cursor: "" });
}

let lost = false;
socket.on("connect", () => {
  if (socket.recovered) return; // socket.io-client has resumed from the last cursor: nothing is missing
  if (lost) missed("reconnected; events in between are missing");
  subscribe();
});
socket.on("disconnect", (reason) => { lost = true; console.error(`${reason}, reconnecting`); }); // socket.io-client does that, with growing pauses
socket.on("connect_error", (error) => {
  console.error(error.message);
  if (error.message.startsWith("[invalid_token]")) process.exit(1);
  if (!socket.active) setTimeout(() => socket.connect(), retryPause); // a temporary refusal, such as [too_many_clients]
});
socket.on("atlas_subscribed", () => console.error(`watching AS${asn}`));
socket.on("atlas_probestatus", take);
socket.on("atlas_error", (words) => {
  if (/^\[(gap|cursor_gone)\]/.test(words)) return missed(words);
  console.error(words);
  if (/^\[(unavailable|too_many_\w+)\]/.test(words)) setTimeout(subscribe, retryPause);
});
