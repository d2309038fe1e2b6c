import type { Socket } from "socket.io-client";

/** A packet of Engine.IO on the wire. */
export interface Frame {
  at: number; // Unix seconds
  direction: "in" | "out";
  size: number; // characters
  text: string; // its beginning
}

/** How much of a frame is kept. */
const kept = 2000; // characters

interface Packet {
  type: string;
  data?: unknown;
}

const types: Record<string, string> = { open: "0", close: "1", ping: "2", pong: "3", message: "4" };

/** Replaces the viewer's token, which is shown nowhere. */
const concealed = "(your token)";

/** Calls `tell` for every packet of a socket, in all of its connections. `token` gives what must not be shown, or "". */
export function watchFrames(socket: Socket, token: () => string, tell: (frame: Frame) => void): void {
  const conceal = (text: string) => (token() === "" ? text : text.replaceAll(JSON.stringify(token()).slice(1, -1), concealed));
  const tellOf = (direction: Frame["direction"]) => (packet: Packet) => {
    const text = (types[packet.type] ?? packet.type) + (typeof packet.data === "string" ? packet.data : "");
    tell({ at: Date.now() / 1000, direction, size: text.length, text: conceal(text).slice(0, kept) });
  };
  const watch = () => {
    socket.io.engine.on("packet", tellOf("in"));
    socket.io.engine.on("packetCreate", tellOf("out"));
  };
  socket.io.on("open", watch);
}
