import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { take } from "./scripted-server.ts";

/** A viewer of another program at a VNC server without a password: real RFB 3.8 (RFC 6143), shared, and no picture is asked for. */
export interface ForeignViewer {
  /** A real PointerEvent. */
  movePointer(x: number, y: number): void;
  close(): Promise<void>;
}

export async function foreignViewer(port: number): Promise<ForeignViewer> {
  const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => undefined);
  await take(socket, 12);
  socket.write("RFB 003.008\n");
  const types = (await take(socket, 1))[0] ?? 0;
  if (!(await take(socket, types)).includes(1)) throw new Error("the server wants a password");
  socket.write(Buffer.from([1]));
  if ((await take(socket, 4)).readUInt32BE() !== 0) throw new Error("the server refused");
  socket.write(Buffer.from([1]));
  await take(socket, 24);
  socket.resume();
  return {
    movePointer(x, y) {
      const event = Buffer.from([5, 0, 0, 0, 0, 0]);
      event.writeUInt16BE(x, 2);
      event.writeUInt16BE(y, 4);
      socket.write(event);
    },
    async close() {
      if (socket.destroyed) return;
      const closed = once(socket, "close");
      socket.destroy();
      await closed;
    },
  };
}
