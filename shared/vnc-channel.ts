import type { ByteChannel } from "./byte-channel.ts";

/**
 * Bytes that the viewer may be given between two frames of the page. A real picture never needs as many; a server that sends without end
 * would otherwise pile up drawing faster than the page can show it, until it answers nobody.
 */
const BYTES_A_FRAME = 1024 * 1024;
/** Hidden pages have no frames. */
const HIDDEN_FRAME_MS = 100;
/** FramebufferUpdateRequest of one pixel, not incremental: a server has to answer it (RFC 6143 §7.5.3). */
const ONE_PIXEL = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1);
/** Bytes that an answer of one pixel may take in any encoding, with the changes of a pointer beside it. */
const SMALL_ANSWER = 256;

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
  /** Time of the newest bytes from the server that are more than an answer to `ask` (performance.now), for the age of the picture. */
  lastChangeAt: number | null = null;
  /** Since when the server owes an answer to `ask` (performance.now). */
  askedAt: number | null = null;
  readonly #channel: ByteChannel;
  #thisFrame = 0;
  #owed = 0;
  #message: ((event: { data: ArrayBuffer }) => void) | null = null;

  constructor(channel: ByteChannel) {
    this.#channel = channel;
    channel.onEnd((reason) => {
      this.readyState = "closed";
      // As a socket does it: noVNC starts a timer for a close that does not come after it has asked for it.
      queueMicrotask(() => this.onclose?.({ code: 1000, reason, wasClean: true }));
    });
  }

  get onmessage(): ((event: { data: ArrayBuffer }) => void) | null {
    return this.#message;
  }
  /** Bytes that came before are handed over next, since the server may speak first: noVNC sets this before it is ready to read. */
  set onmessage(listener: ((event: { data: ArrayBuffer }) => void) | null) {
    const first = this.#message === null;
    this.#message = listener;
    if (listener !== null && first) queueMicrotask(() => this.#listen());
  }

  #listen(): void {
    this.#channel.onData((bytes) => {
      if (this.readyState !== "open") return;
      if (this.askedAt === null || bytes.length > SMALL_ANSWER) this.lastChangeAt = performance.now();
      this.askedAt = null;
      try {
        this.#message?.({ data: bytes.slice().buffer });
        this.#used(bytes.length);
      } catch (error) {
        // noVNC throws out of here when a server makes it hold more than 40 MiB at once, and would stand still for ever.
        this.#channel.end(`the picture could not be read: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  }

  #used(bytes: number): void {
    if (this.#thisFrame === 0) nextFrame(() => this.#frame());
    this.#thisFrame += bytes;
    if (this.#thisFrame <= BYTES_A_FRAME) this.#channel.grant(bytes);
    else this.#owed += bytes;
  }
  #frame(): void {
    this.#thisFrame = 0;
    if (this.#owed > 0) this.#channel.grant(this.#owed);
    this.#owed = 0;
  }

  /** noVNC sends views of one buffer that it uses again: copied before anything waits. */
  send(data: ArrayBuffer | Uint8Array): void {
    void this.#channel.write(new Uint8Array(data).slice());
  }

  /** Asks the server for a sign of life: between two messages of the viewer, which sends each of its own whole. */
  ask(): void {
    if (this.readyState !== "open" || this.askedAt !== null) return;
    this.askedAt = performance.now();
    this.send(ONE_PIXEL);
  }

  close(): void {
    if (this.readyState !== "open") return;
    this.readyState = "closing";
    this.#channel.end("closed by the viewer");
  }
}

/**
 * Frames come late while the page is still busy drawing, and that is the point: no clock may run ahead of them. A page that is hidden
 * meanwhile gets the frame it waits for no more, and x11vnc would stand still for all its viewers while this one takes nothing.
 */
function nextFrame(run: () => void): void {
  if (!("document" in globalThis) || document.visibilityState !== "visible") {
    setTimeout(run, HIDDEN_FRAME_MS);
    return;
  }
  const frame = requestAnimationFrame(() => {
    document.removeEventListener("visibilitychange", hidden);
    run();
  });
  const hidden = () => {
    cancelAnimationFrame(frame);
    document.removeEventListener("visibilitychange", hidden);
    nextFrame(run);
  };
  document.addEventListener("visibilitychange", hidden);
}
