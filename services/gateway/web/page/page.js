import { summary } from "./summary.js";

const mostRows = 100;
const element = (id) => document.getElementById(id);
const form = element("subscription");

let subscription = { stream_type: "result", msm: 1001 }; // what is wanted
let confirmed; // what the gateway has confirmed
let received = 0;
let stream;

function show(state, text) {
  element("state").dataset.state = state;
  element("state").textContent = text;
}

function showError(text) {
  element("error").textContent = text;
  element("error").hidden = text === "";
}

function cell(text, className) {
  const td = document.createElement("td");
  td.textContent = text;
  if (className) td.className = className;
  return td;
}

function addRow(result) {
  const { text, bad } = summary(result);
  const time = new Date(result.timestamp * 1000).toISOString().replace("T", " ").slice(0, 19);
  const row = document.createElement("tr");
  row.append(cell(time), cell(result.prb_id), cell(result.type), cell(result.dst_name ?? result.dst_addr ?? ""), cell(text, bad ? "bad" : ""));
  const rows = element("results");
  rows.querySelector(".empty")?.remove();
  rows.prepend(row);
  if (rows.rows.length > mostRows) rows.deleteRow(-1);
  received += 1;
  element("count").textContent = `${received.toLocaleString("en")} received`;
}

const handlers = {
  atlas_subscribed: (parameters) => {
    confirmed = parameters;
    show("live", `live: measurement ${parameters.msm}${parameters.prb ? `, probe ${parameters.prb}` : ""}`);
  },
  atlas_result: addRow,
  atlas_error: showError,
};

// Socket.IO, as RIPE's own snippet has it.
function overSocketIO() {
  const socket = io(location.origin, { path: "/stream/socket.io" });
  socket.on("connect", () => socket.emit("atlas_subscribe", subscription));
  socket.on("disconnect", (reason) => show("lost", `connection lost (${reason}), trying again…`));
  socket.on("connect_error", () => show("lost", "no connection, trying again…"));
  for (const [event, handle] of Object.entries(handlers)) socket.on(event, handle);
  return { emit: (event, parameters) => socket.emit(event, parameters) };
}

// The plain WebSocket, for a gateway that was built without the Socket.IO client.
function overWebSocket() {
  let socket;
  const connect = () => {
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/stream/`);
    socket.onopen = () => socket.send(JSON.stringify(["atlas_subscribe", subscription]));
    socket.onmessage = ({ data }) => { const [event, payload] = JSON.parse(data); handlers[event]?.(payload); };
    socket.onclose = () => { show("lost", "connection lost, trying again…"); setTimeout(connect, 2000); };
  };
  connect();
  return { emit: (event, parameters) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify([event, parameters])) };
}

// numberOf leaves what would not stay the same number as it was typed, for the gateway to say what is wrong with it.
function numberOf(text) {
  return Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

function snippet() {
  return `<script src="${location.origin}/socket.io.js"></script>
<script>
  const socket = io("${location.origin}", { path: "/stream/socket.io" });
  socket.on("connect", () => {
    socket.emit("atlas_subscribe", ${JSON.stringify(subscription)});
  });
  socket.on("atlas_result", (result) => {
    console.log(result);
  });
</script>`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { msm, prb } = Object.fromEntries(new FormData(form));
  if (confirmed) stream.emit("atlas_unsubscribe", confirmed);
  confirmed = undefined;
  subscription = { stream_type: "result", msm: numberOf(msm), ...(prb && { prb: numberOf(prb) }) };
  showError("");
  show("connecting", "subscribing…");
  stream.emit("atlas_subscribe", subscription);
  element("snippet").textContent = snippet();
});

element("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(snippet());
  element("copy").textContent = "Copied";
  setTimeout(() => { element("copy").textContent = "Copy"; }, 1500);
});

element("snippet").textContent = snippet();
if (typeof io === "undefined") showError("This gateway was built without /socket.io.js (that takes Node: make web). This page uses the plain WebSocket instead; the snippet needs the file.");
stream = typeof io === "undefined" ? overWebSocket() : overSocketIO();
