import type { Socket } from "node:net";
import type { Duplex, Readable, Writable } from "node:stream";
import { Gathering } from "../gathering.ts";

/** So many bytes are the piece of a larger whole; what is shorter is written at once. */
const PIECE_BYTES = 8 * 1024;

/**
 * A program's socket and the stream that leads to the server, as one. The end of one direction is passed on and leaves the other open; a loss
 * ends both. As `pipe` both ways, but what arrives from the server in one read, packets of 32 KiB, reaches the program in one write.
 */
export function joinStreams(socket: Socket, remote: Duplex, onBytes: (toProgram: number, toServer: number) => void): void {
  remote.on("error", () => {});
  socket.once("close", () => remote.destroy());
  remote.once("close", () => {
    // What was received still has to reach the program, unless the stream broke off.
    if (remote.readableEnded) socket.end();
    else socket.destroy();
  });
  const gathering = new Gathering(socket);
  pour(socket, remote, (bytes) => onBytes(0, bytes));
  pour(remote, socket, (bytes) => {
    onBytes(bytes, 0);
    if (bytes >= PIECE_BYTES) gathering.begin();
  });
}

function pour(from: Readable, to: Writable, before: (bytes: number) => void): void {
  from.on("data", (chunk: Buffer) => {
    before(chunk.length);
    if (!to.write(chunk)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.once("end", () => to.end());
  from.resume();
}
