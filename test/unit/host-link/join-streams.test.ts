import { once } from "node:events";
import { connect, createServer, Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { joinStreams } from "../../../electron/core/host-link/forward/join-streams.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

/** The stream to the server, as a test holds it. */
class Remote extends Duplex {
  readonly taken: Buffer[] = [];
  /** Keeps the writer waiting. */
  full = false;
  #waiting: (() => void) | null = null;
  constructor() {
    super({ allowHalfOpen: true, writableHighWaterMark: 64 * 1024 });
  }
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken.push(chunk);
    if (this.full) this.#waiting = done;
    else done();
  }
  drain(): void {
    this.full = false;
    this.#waiting?.();
  }
}

async function joined() {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true, highWaterMark: 512 * 1024 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const program = connect({ host: "127.0.0.1", port: typeof address === "object" && address !== null ? address.port : 0, allowHalfOpen: true, noDelay: true });
  const [socket] = await once(server, "connection");
  if (!(socket instanceof Socket)) throw new Error("no socket");
  socket.on("error", () => {});
  program.on("error", () => {});
  const remote = new Remote();
  const counts = { toProgram: 0, toServer: 0 };
  joinStreams(socket, remote, (toProgram, toServer) => {
    counts.toProgram += toProgram;
    counts.toServer += toServer;
  });
  undo.push(
    () => server.close(),
    () => program.destroy(),
    () => socket.destroy(),
  );
  return { program, socket, remote, counts };
}

test("packets that arrive together reach the program in one write, a short one at once", async () => {
  const { program, socket, remote, counts } = await joined();
  await new Promise((resolve) => setImmediate(resolve));
  remote.push(Buffer.from("short"));
  expect(socket.writableLength).toBe(0);
  for (const fill of ["a", "b", "c"]) remote.push(Buffer.alloc(32_768, fill));
  expect(socket.writableLength).toBe(3 * 32_768);
  remote.push(null);
  let text = "";
  for await (const chunk of program) text += String(chunk);
  expect(text).toBe(`short${"a".repeat(32_768)}${"b".repeat(32_768)}${"c".repeat(32_768)}`);
  expect(counts).toEqual({ toProgram: 5 + 3 * 32_768, toServer: 0 });
});

test("the end of one direction leaves the other open", async () => {
  const { program, remote, socket } = await joined();
  program.end("question");
  await once(remote, "finish");
  expect(Buffer.concat(remote.taken).toString()).toBe("question");
  remote.push("answer");
  const [chunk] = await once(program, "data");
  expect(String(chunk)).toBe("answer");
  expect(socket.destroyed).toBe(false);
  remote.push(null);
  await once(socket, "close");
});

test("whoever sends too much is held back on both sides, and let go again", async () => {
  const { program, socket, remote } = await joined();
  remote.full = true;
  program.write(Buffer.alloc(32 * 1024 * 1024));
  await expect.poll(() => socket.isPaused()).toBe(true);
  expect(remote.writableLength).toBeLessThan(1024 * 1024);
  remote.drain();
  await once(program, "drain");

  program.pause();
  let pushed = 0;
  while (!remote.isPaused() && pushed < 1024 * 1024 * 1024) {
    remote.push(Buffer.alloc(65_536));
    pushed += 65_536;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(remote.isPaused()).toBe(true);
  let seen = 0;
  program.on("data", (chunk: Buffer) => {
    seen += chunk.length;
  });
  program.resume();
  await expect.poll(() => seen).toBe(pushed);
});

test("a loss on either side ends both", async () => {
  const first = await joined();
  first.program.resetAndDestroy();
  await once(first.remote, "close");
  const second = await joined();
  second.remote.destroy(new Error("link lost"));
  await once(second.socket, "close");
});
