import type { Duplex } from "node:stream";
import { CLOSE, LIMITS } from "../../../shared/frames.ts";
import type { Pipe, PipeEnd } from "../../../shared/pipe.ts";

const HEADER = 5;
const TEXT = 0;
const BINARY = 1;

/** The contract's frames over a plain byte stream (control socket): one byte kind, four bytes length (big-endian), then the frame. */
export function streamPipe(stream: Duplex): Pipe {
  let buffered: Buffer = Buffer.alloc(0);
  let listener: ((data: string | Uint8Array) => void) | null = null;
  let ended: PipeEnd | null = null;
  const closed: ((why: PipeEnd) => void)[] = [];

  const finish = (why: PipeEnd) => {
    if (ended !== null) return;
    ended = why;
    buffered = Buffer.alloc(0);
    for (const tell of closed.splice(0)) tell(why);
    stream.destroy();
  };
  const drain = () => {
    while (listener !== null && ended === null && buffered.length >= HEADER) {
      const length = buffered.readUInt32BE(1);
      const kind = buffered[0];
      if (length > LIMITS.textOut * 4 || (kind !== TEXT && kind !== BINARY)) return finish({ code: CLOSE.protocol, reason: "not a frame of Gatelight's" });
      if (buffered.length < HEADER + length) return;
      const frame = buffered.subarray(HEADER, HEADER + length);
      buffered = buffered.subarray(HEADER + length);
      listener(kind === TEXT ? frame.toString("utf8") : new Uint8Array(frame));
    }
  };

  stream.on("data", (chunk: Buffer) => {
    if (ended !== null) return;
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    drain();
  });
  stream.on("error", (error) => finish({ code: CLOSE.away, reason: error.message }));
  stream.on("close", () => finish({ code: CLOSE.away, reason: "the other side is gone" }));
  stream.on("end", () => finish({ code: CLOSE.away, reason: "the other side is gone" }));

  return {
    send(data) {
      if (ended !== null || stream.destroyed) return;
      const body = typeof data === "string" ? Buffer.from(data, "utf8") : Buffer.from(data);
      const header = Buffer.alloc(HEADER);
      header[0] = typeof data === "string" ? TEXT : BINARY;
      header.writeUInt32BE(body.length, 1);
      stream.write(Buffer.concat([header, body]));
    },
    onMessage(next) {
      listener = next;
      drain();
    },
    onClose(tell) {
      if (ended === null) closed.push(tell);
      else tell(ended);
    },
    close(code, reason) {
      if (ended !== null) return;
      stream.end();
      finish({ code, reason });
    },
    backlog: () => (ended === null ? stream.writableLength : 0),
  };
}
