import { createServer, type Socket } from "node:net";
import { serveControl } from "./control.ts";

/** Stands for IBKR's servers: takes the gateways' lines on port 4001 and can be away. Runs in the lab's network namespace. */
const [address = "0.0.0.0", control = ""] = process.argv.slice(2);
const lines = new Set<Socket>();
let away = false;
const server = createServer((socket) => {
  if (away) return void socket.destroy();
  lines.add(socket);
  socket.resume();
  socket.on("error", () => socket.destroy());
  socket.on("close", () => lines.delete(socket));
});
server.listen(4001, address, () => {
  serveControl(control, (order) => {
    if (order === "cut" || order === "away") for (const line of lines) line.destroy();
    if (order === "away") away = true;
    if (order === "back") away = false;
    return lines.size;
  });
});
