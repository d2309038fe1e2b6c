// Serves results as one would with kafkajs and socket.io: a room for each measurement, WebSocket only.
// Usage: node server.js KAFKA[,KAFKA…] PORT
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { decompress } from "@mongodb-js/zstd";
import kafkajs from "kafkajs";
import { Server } from "socket.io";

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
const [brokers, port] = process.argv.slice(2);

CompressionCodecs[CompressionTypes.ZSTD] = () => ({ decompress });

const http = createServer();
const io = new Server(http, { path: "/stream/socket.io", transports: ["websocket"], serveClient: false });
io.on("connection", (socket) => {
  socket.on("atlas_subscribe", (wanted) => {
    socket.join(String(wanted.msm));
    socket.emit("atlas_subscribed", wanted);
  });
});

const kafka = new Kafka({ clientId: "atlas-bench", brokers: brokers.split(","), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}` });
await consumer.connect();
await consumer.subscribe({ topic: "atlas.results" });
await consumer.run({
  eachMessage: async ({ message }) => {
    io.to(message.key.toString()).emit("atlas_result", JSON.parse(message.value.toString()));
  },
});
http.listen(Number(port), "127.0.0.1");

process.on("SIGTERM", () => process.exit(0));
