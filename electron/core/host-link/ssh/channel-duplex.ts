import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";

/**
 * An ssh2 channel as a Duplex that keeps Node's promises. ssh2's own channel (1.17, lib/Channel.js) replaces `destroy`, never sets
 * `destroyed`, emits `close` only once its reader has read to the end, and drops the callback of a write to a closed channel.
 * Half-close works both ways. When the link is lost the stream closes without an `end`, so that `pipeline` sees a premature close.
 */
export class ChannelDuplex extends Duplex {
  readonly #channel: ClientChannel;

  constructor(channel: ClientChannel) {
    super({ allowHalfOpen: true, readableHighWaterMark: 64 * 1024, writableHighWaterMark: 64 * 1024 });
    this.#channel = channel;
    // A consumer that forgot a listener must not end the process; `close` is what tells of the loss.
    this.on("error", () => {});
    channel.on("error", () => {});
    channel.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on("end", () => this.push(null));
    channel.on("close", () => this.#lost());
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#channel.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#channel.destroy();
    // Unread data would keep ssh2 from ever emitting the channel's own `close`.
    this.#channel.resume();
    done(error);
  }

  /** Both directions are over. Data already received can still be read to its end, as with a TCP socket. */
  #lost(): void {
    if (this.destroyed) return;
    if (this.readableEnded) this.destroy();
    else this.once("end", () => this.destroy());
  }
}
