import { Duplex, type Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { Gathering } from "../gathering.ts";

type Written = (error?: Error | null) => void;

/** So much waits in each direction before whoever writes is held back. */
const HELD_BYTES = 256 * 1024;

/**
 * An ssh2 channel as a Duplex that keeps Node's promises. ssh2's own channel (1.17, lib/Channel.js) replaces `destroy`, never sets
 * `destroyed`, emits `close` only once its reader has read to the end, drops the callback of a write to a closed channel, and takes 2 MiB
 * a channel however full the connection below is: here a write is done once that has room again.
 * Half-close works both ways. When the link is lost the stream closes without an `end`, so that `pipeline` sees a premature close.
 */
export class ChannelDuplex extends Duplex {
  readonly #channel: ClientChannel;
  readonly #below: Writable;
  readonly #gathering: Gathering | null;
  #waiting: (() => void) | null = null;

  /** @param below what the packets are written to. @param gathers for a stream that carries another SSH connection */
  constructor(channel: ClientChannel, below: Writable, gathers = false) {
    super({ allowHalfOpen: true, readableHighWaterMark: HELD_BYTES, writableHighWaterMark: HELD_BYTES });
    this.#channel = channel;
    this.#below = below;
    this.#gathering = gathers ? new Gathering(this) : null;
    // A consumer that forgot a listener must not end the process; `close` is what tells of the loss.
    this.on("error", () => {});
    channel.on("error", () => {});
    channel.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on("end", () => this.push(null));
    channel.on("close", () => this.#lost());
  }

  override write(chunk: Uint8Array | string, encoding?: BufferEncoding | Written, written?: Written): boolean {
    this.#gathering?.begin();
    return typeof encoding === "string" ? super.write(chunk, encoding, written) : super.write(chunk, encoding ?? written);
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Written): void {
    this.#channel.write(chunk, (error) => {
      if (error || !this.#below.writableNeedDrain || this.destroyed) done(error);
      else this.#waitForRoom(done);
    });
  }

  override _writev(chunks: { chunk: Buffer }[], done: Written): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "utf8", done);
  }

  override _final(done: Written): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: Written): void {
    this.#waiting?.();
    this.#channel.destroy();
    // Unread data would keep ssh2 from ever emitting the channel's own `close`.
    this.#channel.resume();
    done(error);
  }

  #waitForRoom(done: Written): void {
    const go = () => {
      this.#waiting = null;
      this.#below.off("drain", go);
      done();
    };
    this.#waiting = go;
    this.#below.on("drain", go);
  }

  /** Both directions are over. Data already received can still be read to its end, as with a TCP socket. */
  #lost(): void {
    if (this.destroyed) return;
    if (this.readableEnded) this.destroy();
    else this.once("end", () => this.destroy());
  }
}
