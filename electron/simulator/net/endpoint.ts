import { Duplex } from "node:stream";
import type { Namespace } from "./namespace.ts";

const WINDOW = 256 * 1024;
/** Linux keeps an orphan in FIN_WAIT2 for tcp_fin_timeout. */
const FIN_TIMEOUT_MS = 60_000;

export interface EndpointInit {
  readonly namespace: Namespace;
  readonly family: 4 | 6;
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  readonly uid: number;
}

/** One side of a simulated TCP connection. Bytes wait in `unread` until this side reads, as in a kernel's receive queue. */
export class Endpoint extends Duplex {
  readonly init: EndpointInit;
  /** 0 until a process owns it (not yet accepted), and again once its process gave it up. */
  inode = 0;
  unread = 0;
  #peer: Endpoint | null = null;
  #inbox: { chunk: Buffer; done: (() => void) | null }[] = [];
  #wants = false;
  #frozen = false;
  #finSent = false;
  #finReceived = false;
  #finDelivered = false;
  #goneAt: number | null = null;

  constructor(init: EndpointInit) {
    super({ allowHalfOpen: true });
    this.init = init;
    // A reset is news for whoever listens; nobody listening must not end the process.
    this.on("error", () => undefined);
  }

  join(peer: Endpoint): void {
    this.#peer = peer;
  }

  /** The owner is stopped (SIGSTOP, hung): bytes pile up unread. */
  setFrozen(frozen: boolean): void {
    this.#frozen = frozen;
    if (!frozen) this.#deliver();
  }

  /** RST: the other side sees "connection reset by peer". */
  reset(): void {
    const peer = this.#peer;
    this.destroy();
    if (peer !== null && !peer.destroyed) peer.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
  }

  /** Its owner gave up so long ago that the kernel forgot this side. */
  forget(): void {
    this.destroy();
    this.#goneAt = 0;
    this.init.namespace.changed();
  }

  /** State as /proc/net/tcp prints it, or `null` when the row is gone. */
  kernelState(now: number): number | null {
    const peerGone = this.#peer === null || this.#peer.#goneAt !== null;
    if (this.#goneAt !== null) {
      const peerHolds = this.#peer !== null && this.#peer.#goneAt === null && !this.#peer.#finSent;
      return peerHolds && now - this.#goneAt < FIN_TIMEOUT_MS ? 5 : null;
    }
    const received = this.#finReceived || peerGone;
    if (received && this.#finSent) return null;
    if (received) return 8;
    return this.#finSent ? 5 : 1;
  }

  /** A FIN not yet read counts one, as in the kernel (rcv_nxt - copied_seq). */
  get receiveQueue(): number {
    return this.unread + (this.#finReceived && !this.#finDelivered ? 1 : 0);
  }

  override _read(): void {
    this.#wants = true;
    this.#deliver();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const peer = this.#peer;
    if (peer === null || peer.#goneAt !== null) {
      callback(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      return;
    }
    peer.#receive(Buffer.from(chunk), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#finSent = true;
    if (this.#peer !== null) this.#peer.#receiveFin();
    this.init.namespace.changed();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#goneAt ??= Date.now();
    this.inode = 0;
    for (const item of this.#inbox) item.done?.();
    this.#inbox = [];
    this.unread = 0;
    if (this.#peer !== null) this.#peer.#receiveFin();
    this.init.namespace.changed();
    callback(error);
  }

  #receive(chunk: Buffer, done: () => void): void {
    this.unread += chunk.length;
    const full = this.unread > WINDOW;
    this.#inbox.push({ chunk, done: full ? done : null });
    if (!full) done();
    this.#deliver();
    if (this.unread > 0) this.init.namespace.changed();
  }

  #receiveFin(): void {
    if (this.#finReceived || this.destroyed) return;
    this.#finReceived = true;
    this.init.namespace.changed();
    this.#deliver();
  }

  #deliver(): void {
    if (this.destroyed || this.#frozen) return;
    while (this.#wants && this.#inbox.length > 0) {
      const item = this.#inbox.shift();
      if (item === undefined) break;
      this.unread -= item.chunk.length;
      this.#wants = this.push(item.chunk);
      item.done?.();
    }
    if (this.#wants && this.#inbox.length === 0 && this.#finReceived && !this.#finDelivered) {
      this.#finDelivered = true;
      this.push(null);
    }
  }
}
