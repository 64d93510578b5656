import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { afterEach, expect, test } from "vitest";
import { ChannelDuplex } from "../../../electron/core/host-link/ssh/channel-duplex.ts";
import { WireSocket } from "../../../electron/core/host-link/ssh/wire-socket.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

/** Long enough for everything that is not held back. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function pair(): Promise<{ near: WireSocket; far: Socket }> {
  const server = createServer({ noDelay: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  undo.push(() => server.close());
  const address = server.address();
  const near = new WireSocket({ host: "127.0.0.1", port: typeof address === "object" && address !== null ? address.port : 0 });
  const [far] = (await once(server, "connection")) as [Socket];
  undo.push(
    () => near.destroy(),
    () => far.destroy(),
  );
  if (near.connecting) await once(near, "connect");
  return { near, far };
}

test("the pieces of a packet leave together, once what wrote them is done", async () => {
  const { near, far } = await pair();
  const seen: Buffer[] = [];
  far.on("data", (chunk: Buffer) => seen.push(chunk));
  for (let i = 0; i < 3; i++) {
    near.write(Buffer.from("leng"));
    near.write("content");
    expect(near.writableLength).toBe(11);
    await new Promise<void>((resolve) => near.write(Buffer.from("tag"), () => resolve()));
    expect(near.writableLength).toBe(0);
  }
  near.end();
  await once(far, "end");
  expect(Buffer.concat(seen).toString()).toBe("lengcontenttag".repeat(3));
});

test("a chunk is one's own until the buffer may be reused; then its memory is that of the next", async () => {
  const { near, far } = await pair();
  const chunks: Buffer[] = [];
  near.on("data", (chunk: Buffer) => chunks.push(chunk));
  const say = async (text: string) => {
    far.write(text);
    await once(near, "data");
  };
  await say("first");
  await say("other");
  near.reuseBuffer();
  await say("third");
  const third = chunks.at(-1)?.toString();
  await say("again");
  expect(chunks.slice(0, 2).map(String)).toEqual(["first", "other"]);
  expect(third).toBe("third");
  expect(chunks[2]?.buffer).toBe(chunks[3]?.buffer);
});

test("it can be paused, ends and closes as a socket does", async () => {
  const { near, far } = await pair();
  let bytes = 0;
  near.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  near.pause();
  far.end(Buffer.alloc(300_000));
  await once(far, "finish");
  await turn();
  const paused = bytes;
  near.resume();
  await once(near, "close");
  expect(paused).toBe(0);
  expect(bytes).toBe(300_000);
});

/** A channel that takes everything at once, as ssh2's does within its window. */
class Taking extends Duplex {
  readonly taken: string[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken.push(chunk.toString());
    done();
  }
}
const asChannel = (stream: Duplex) => stream as ClientChannel;

test("a writer waits while the connection below is full, goes on when it has room, and is let go when the channel closes", async () => {
  const { near, far } = await pair();
  far.pause();
  do {
    near.write(Buffer.alloc(1024 * 1024));
    await turn();
  } while (!near.writableNeedDrain);

  const done: string[] = [];
  const [first, second] = [new Taking(), new Taking()];
  const waits = new ChannelDuplex(asChannel(first), near);
  const closes = new ChannelDuplex(asChannel(second), near);
  const listeners = near.listenerCount("drain");
  waits.write("one", () => done.push("one"));
  waits.write("two", () => done.push("two"));
  closes.write("never", () => done.push("closed"));
  await turn();
  expect([done, first.taken]).toEqual([[], ["one"]]);
  closes.destroy();
  await once(closes, "close");
  expect(done).toEqual(["closed"]);
  const over = new Promise<void>((resolve) => waits.end("three", () => resolve()));
  far.resume();
  await over;
  expect(done).toEqual(["closed", "one", "two"]);
  expect(first.taken.join("")).toBe("onetwothree");
  expect(near.listenerCount("drain")).toBe(listeners);
});

test("a channel that carries another connection joins the pieces of its packets", async () => {
  const channel = new Taking();
  const { near } = await pair();
  const duplex = new ChannelDuplex(asChannel(channel), near, true);
  for (const piece of ["leng", "content", "tag"]) duplex.write(piece);
  await turn();
  expect(channel.taken).toEqual(["lengcontenttag"]);
});
