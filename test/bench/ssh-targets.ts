import { createServer, type Socket } from "node:net";

/**
 * What stands behind the tunnels of ssh.bench.ts, in a process of its own so that its work is not counted: an echo, a source, a sink, and
 * a stand-in for the gateway's API that writes each small message by itself, as the gateway does.
 * Prints its ports as one line of JSON.
 */
const listen = (onSocket: (socket: Socket) => void) =>
  new Promise<number>((resolve) => {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on("error", () => {});
      onSocket(socket);
    });
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });

const BLOCK = Buffer.alloc(64 * 1024, 7);

/** The first 8 bytes name how many bytes are to come back. */
const source = (socket: Socket) => {
  socket.once("data", (head: Buffer) => {
    let left = Number(head.readBigUInt64BE(0));
    const push = () => {
      while (left > 0) {
        const size = Math.min(left, BLOCK.length);
        left -= size;
        if (!socket.write(BLOCK.subarray(0, size))) return;
      }
      socket.off("drain", push);
    };
    socket.on("drain", push);
    push();
  });
};

/** The first 8 bytes name how many bytes follow; one byte comes back when all have arrived. */
const sink = (socket: Socket) => {
  let expected: number | null = null;
  let seen = 0;
  socket.on("data", (chunk: Buffer) => {
    if (expected === null) {
      expected = Number(chunk.readBigUInt64BE(0));
      seen -= 8;
    }
    seen += chunk.length;
    if (seen >= expected) socket.write("k");
  });
};

/** Four exchanges: version, start, account list and next id as two messages, a request, and its values as five messages. */
const api = (socket: Socket) => {
  let step = 0;
  const later = (messages: readonly string[]) => {
    const [first, ...rest] = messages;
    if (first === undefined) return;
    socket.write(first.padEnd(24));
    // As a program that computes in between: written at once they would travel as one.
    setTimeout(() => later(rest), 1);
  };
  socket.on("data", () => {
    step += 1;
    if (step === 1) later(["178"]);
    else if (step === 2) later(["accounts", "nextValidId"]);
    else later(["value1", "value2", "value3", "value4", "VALUE"]);
  });
};

process.stdout.write(
  `${JSON.stringify({ echo: await listen((socket) => socket.pipe(socket)), source: await listen(source), sink: await listen(sink), api: await listen(api) })}\n`,
);
process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
