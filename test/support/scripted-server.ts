import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export interface ScriptedServer {
  readonly port: number;
  readonly sockets: Set<Socket>;
  readonly connections: number;
  close(): Promise<void>;
}

/** A TCP server on loopback that does to each connection what the test says; errors of torn connections are its own business. */
export async function scriptedServer(script: (socket: Socket) => void | Promise<void>): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    Promise.resolve(script(socket)).catch(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    get connections() {
      return connections;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Waits for that many bytes from a peer. */
export async function take(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const chunk: unknown = socket.read(bytes);
    if (Buffer.isBuffer(chunk)) {
      if (chunk.length === bytes) return chunk;
      // The last bytes of a peer that has ended.
      throw new Error(`the peer went after ${chunk.length} of ${bytes} bytes`);
    }
    if (socket.destroyed || socket.readableEnded) throw new Error("the peer went");
    await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
}

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
export const rfbText = (value: string) => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);

/** ServerInit of an RFB server. */
export function serverInit(options: { width?: number; height?: number; bits?: number; name?: string; nameLength?: number } = {}): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt16BE(options.width ?? 640, 0);
  head.writeUInt16BE(options.height ?? 480, 2);
  head.writeUInt8(options.bits ?? 32, 4);
  const name = Buffer.from(options.name ?? "a desktop");
  head.writeUInt32BE(options.nameLength ?? name.length, 20);
  return Buffer.concat([head, name]);
}
