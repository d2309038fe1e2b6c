import { io } from "socket.io-client";

const socket = io("__GATEWAY__", {
  auth: { token: process.env.TOKEN },
  path: "/stream/socket.io",
});
socket.on("connect", () => socket.emit("atlas_subscribe", __SUBSCRIPTION__));
socket.on("__EVENT__", (record) => console.log(record));
socket.on("atlas_error", (words) => console.error(words));
socket.on("connect_error", (error) => console.error(error.message));
