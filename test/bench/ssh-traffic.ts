import { connect } from "node:net";
import type { Duplex } from "node:stream";

/** What ssh.bench.ts sends over a way to the server, and how long it took. */
export const TARGETS = ["echo", "source", "sink", "api"] as const;
export type Target = (typeof TARGETS)[number];
export type Open = (target: Target) => Promise<Duplex>;

export type Order =
  /** 64-byte round trips one after another, each timed, over a stream that stays open. */
  | { readonly do: "trips"; readonly times: number }
  /** From opening a channel to the first account value. */
  | { readonly do: "first value" }
  /** So many bytes in all, over so many streams at once. */
  | { readonly do: "down" | "up"; readonly bytes: number; readonly streams: number };

/** Carries out orders over one way; keeps the stream of the round trips open between them. */
export class Traffic {
  readonly #open: Open;
  #echo: Promise<Duplex> | null = null;

  constructor(open: Open) {
    this.#open = open;
  }

  /** @returns milliseconds: of each round trip, else of the whole */
  async run(order: Order): Promise<number[]> {
    if (order.do === "trips") {
      this.#echo ??= this.#open("echo");
      const echo = await this.#echo;
      const times: number[] = [];
      while (times.length < order.times) times.push(await timed(() => exchange(echo, "x".repeat(64), 64)));
      return times;
    }
    if (order.do === "first value") return [await timed(() => firstValue(this.#open))];
    const carry = order.do === "down" ? download : upload;
    const each = Math.floor(order.bytes / order.streams);
    return [await timed(async () => void (await Promise.all(Array.from({ length: order.streams }, () => carry(this.#open, each)))))];
  }
}

export async function timed(run: () => Promise<void>): Promise<number> {
  const since = performance.now();
  await run();
  return performance.now() - since;
}

export const openPort = (port: number) =>
  new Promise<Duplex>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });

/** Reads until so many bytes have come. */
function receive(stream: Duplex, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    const take = (chunk: Buffer) => {
      seen += chunk.length;
      if (seen < bytes) return;
      stream.off("data", take);
      stream.off("close", broken);
      resolve();
    };
    const broken = () => reject(new Error("the stream closed"));
    stream.on("data", take);
    stream.once("close", broken);
  });
}

async function exchange(stream: Duplex, text: string, bytes: number): Promise<void> {
  const done = receive(stream, bytes);
  stream.write(text);
  await done;
}

export async function firstValue(open: Open): Promise<void> {
  const stream = await open("api");
  await exchange(stream, "API\0v100..178", 24);
  await exchange(stream, "start", 48);
  await exchange(stream, "request", 24);
  stream.destroy();
}

const length = (bytes: number) => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(bytes));
  return head;
};

export async function download(open: Open, bytes: number): Promise<void> {
  const stream = await open("source");
  const done = receive(stream, bytes);
  stream.write(length(bytes));
  await done;
  stream.destroy();
}

const BLOCK = Buffer.alloc(64 * 1024, 1);

export async function upload(open: Open, bytes: number): Promise<void> {
  const stream = await open("sink");
  const done = receive(stream, 1);
  stream.write(length(bytes));
  for (let left = bytes; left > 0 && !stream.destroyed; left -= BLOCK.length) {
    if (stream.write(BLOCK.subarray(0, Math.min(left, BLOCK.length)))) continue;
    const room = new Promise((resolve) => stream.once("drain", resolve));
    await Promise.race([room, done]);
  }
  await done;
  stream.destroy();
}
