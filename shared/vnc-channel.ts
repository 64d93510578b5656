import type { ByteChannel } from "./byte-channel.ts";

/**
 * A byte channel in the shape that noVNC takes instead of a WebSocket: `new RFB(element, new VncChannel(channel))`.
 * noVNC looks the members up on the object itself or its direct prototype only, so nothing may be derived from it.
 */
export class VncChannel {
  binaryType = "arraybuffer";
  protocol = "";
  readyState: "open" | "closing" | "closed" = "open";
  onopen: (() => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null;
  /** Time of the newest bytes from the server (performance.now), for the age of the picture; `null` before any. */
  lastBytesAt: number | null = null;
  readonly #channel: ByteChannel;
  #message: ((event: { data: ArrayBuffer }) => void) | null = null;

  constructor(channel: ByteChannel) {
    this.#channel = channel;
    channel.onEnd((reason) => {
      this.readyState = "closed";
      this.onclose?.({ code: 1000, reason, wasClean: true });
    });
  }

  get onmessage(): ((event: { data: ArrayBuffer }) => void) | null {
    return this.#message;
  }
  /** Bytes that came before are handed over now: the server may speak first. */
  set onmessage(listener: ((event: { data: ArrayBuffer }) => void) | null) {
    this.#message = listener;
    if (listener === null) return;
    this.#channel.onData((bytes) => {
      this.lastBytesAt = performance.now();
      this.#message?.({ data: bytes.slice().buffer });
      this.#channel.grant(bytes.length);
    });
  }

  /** noVNC sends views of one buffer that it uses again: copied before anything waits. */
  send(data: ArrayBuffer | Uint8Array): void {
    void this.#channel.write(new Uint8Array(data).slice());
  }

  close(): void {
    if (this.readyState !== "open") return;
    this.readyState = "closing";
    this.#channel.end("closed by the viewer");
  }
}
