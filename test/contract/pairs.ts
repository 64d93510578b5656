import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { type Pipe, portPipe, socketPipe } from "../../shared/rpc.ts";

/** Two ends of a real carrier. */
export interface Pair {
  readonly core: Pipe;
  readonly window: Pipe;
  dispose(): Promise<void>;
}

async function messagePorts(): Promise<Pair> {
  const { port1, port2 } = new MessageChannel();
  return {
    core: portPipe(port1),
    window: portPipe(port2),
    async dispose() {
      port1.close();
      port2.close();
    },
  };
}

/** Core's end in the shape of Electron's MessagePortMain: an emitter whose events have `data`. */
async function electronPorts(): Promise<Pair> {
  const { port1, port2 } = new MessageChannel();
  const main = {
    postMessage: (message: unknown) => port1.postMessage(message),
    on(type: "message" | "close", listener: (event: { data: unknown }) => void) {
      port1.addEventListener(type, (event) => listener({ data: Reflect.get(event, "data") }));
      return main;
    },
    start: () => port1.start(),
    close: () => port1.close(),
  };
  return {
    core: portPipe(main),
    window: portPipe(port2),
    async dispose() {
      port1.close();
      port2.close();
    },
  };
}

async function webSockets(): Promise<Pair> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const accepted = once(server, "connection");
  const socket = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const opened = new Promise((resolve) => socket.addEventListener("open", resolve));
  const [theirs] = await accepted;
  const core = socketPipe(theirs);
  const window = socketPipe(socket);
  await opened;
  return {
    core,
    window,
    async dispose() {
      for (const client of server.clients) client.terminate();
      server.close();
      http.close();
      await once(http, "close");
    },
  };
}

export const CARRIERS: readonly (readonly [string, () => Promise<Pair>])[] = [
  ["message ports", messagePorts],
  ["ports in Electron's shape", electronPorts],
  ["WebSockets", webSockets],
];
