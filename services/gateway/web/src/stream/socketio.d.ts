// /socket.io.js, which index.html loads before the modules, has one name of its own.
import type { io as connect } from "socket.io-client";

declare global {
  const io: typeof connect | undefined;
}
