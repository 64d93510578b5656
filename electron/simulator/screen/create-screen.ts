import type { Duplex } from "node:stream";
import type { Gateway, ScreenPort } from "../gateway/gateway.ts";
import type { SimClock } from "../sim-clock.ts";

export interface ScreenOptions {
  readonly gateway: Gateway;
  readonly clock: SimClock;
  readonly password: string;
}

export function createScreen(_options: ScreenOptions): ScreenPort {
  const clients = new Set<Duplex>();
  return {
    serve(socket) {
      clients.add(socket);
      socket.once("close", () => clients.delete(socket));
      socket.on("end", () => socket.end());
      socket.resume();
      socket.write("RFB 003.008\n");
    },
    changed() {},
    closeClients() {
      for (const client of clients) client.destroy();
    },
  };
}
