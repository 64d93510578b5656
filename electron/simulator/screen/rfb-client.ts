import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Canvas, Rect } from "./canvas.ts";
import { encodePixelFormat, NATIVE, type PixelFormat, parsePixelFormat } from "./pixel-format.ts";
import { vncAccepts } from "./vnc-auth.ts";
import { rawPixels, ZrleEncoder } from "./zrle.ts";

export interface RfbHost {
  readonly canvas: Canvas;
  readonly desktopName: string;
  readonly password: () => string;
  readonly onPointer: (x: number, y: number, buttons: number) => void;
  readonly onKey: (keysym: number, down: boolean) => void;
  readonly onClosed: () => void;
}

const RAW = 0;
const ZRLE = 16;
/** A client that does not read keeps its updates waiting rather than our memory full. */
const MAX_WAITING = 2 * 1024 * 1024;
const MAX_CUT_TEXT = 1024 * 1024;

type Phase = "version" | "security" | "response" | "init" | "normal";

/** One viewer: RFB 3.8 (RFC 6143) with VNC authentication, raw and ZRLE. Whatever arrives, it answers or closes. */
export class RfbClient {
  readonly #socket: Duplex;
  readonly #host: RfbHost;
  readonly #challenge = randomBytes(16);
  readonly #zrle = new ZrleEncoder();
  #pending: Buffer = Buffer.alloc(0);
  #phase: Phase = "version";
  #format: PixelFormat = NATIVE;
  #encodings: readonly number[] = [RAW];
  #asked = false;
  #dirty: Rect[] = [];
  #sending = false;
  #skip = 0;
  #closed = false;

  constructor(socket: Duplex, host: RfbHost) {
    this.#socket = socket;
    this.#host = host;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("drain", () => void this.#flush());
    socket.on("end", () => this.close());
    socket.on("error", () => this.close());
    socket.on("close", () => this.close());
    socket.write("RFB 003.008\n");
  }

  get viewing(): boolean {
    return this.#phase === "normal" && !this.#closed;
  }

  /** Parts of the picture that changed since the last call. */
  changed(rects: readonly Rect[]): void {
    if (!this.viewing) return;
    this.#dirty.push(...rects);
    if (this.#dirty.length > 200) this.#dirty = [this.#whole()];
    void this.#flush();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#zrle.dispose();
    this.#host.onClosed();
  }

  #whole(): Rect {
    return { x: 0, y: 0, w: this.#host.canvas.width, h: this.#host.canvas.height };
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return;
    let data = chunk;
    if (this.#skip > 0) {
      const gone = Math.min(this.#skip, data.length);
      this.#skip -= gone;
      data = data.subarray(gone);
    }
    this.#pending = Buffer.concat([this.#pending, data]);
    for (let used = this.#step(); used > 0 && !this.#closed; used = this.#step()) this.#pending = this.#pending.subarray(used);
  }

  /** @returns how many bytes were used, 0 when more are needed */
  #step(): number {
    const data = this.#pending;
    if (data.length === 0) return 0;
    switch (this.#phase) {
      case "version":
        return this.#version(data);
      case "security":
        if (data[0] !== 2) return this.#refuse("Unsupported security type");
        this.#socket.write(this.#challenge);
        this.#phase = "response";
        return 1;
      case "response":
        if (data.length < 16) return 0;
        if (!vncAccepts(this.#host.password(), this.#challenge, data.subarray(0, 16))) return this.#refuse("password check failed!");
        this.#socket.write(Buffer.alloc(4));
        this.#phase = "init";
        return 16;
      case "init":
        this.#init();
        return 1;
      case "normal":
        return this.#message(data);
    }
  }

  #version(data: Buffer): number {
    if (data.length < 12) {
      if (!"RFB 003.00".startsWith(data.subarray(0, 10).toString("latin1"))) this.close();
      return 0;
    }
    if (!/^RFB 003\.\d{3}\n$/.test(data.subarray(0, 12).toString("latin1"))) {
      this.close();
      return 0;
    }
    this.#socket.write(Buffer.from([1, 2]));
    this.#phase = "security";
    return 12;
  }

  #refuse(reason: string): number {
    const text = Buffer.from(reason);
    const out = Buffer.alloc(8);
    out.writeUInt32BE(1, 0);
    out.writeUInt32BE(text.length, 4);
    this.#socket.end(Buffer.concat([out, text]));
    this.#pending = Buffer.alloc(0);
    this.#phase = "version";
    this.#skip = Number.MAX_SAFE_INTEGER;
    return 0;
  }

  #init(): void {
    const { canvas, desktopName } = this.#host;
    const name = Buffer.from(desktopName);
    const head = Buffer.alloc(4);
    head.writeUInt16BE(canvas.width, 0);
    head.writeUInt16BE(canvas.height, 2);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(name.length);
    this.#socket.write(Buffer.concat([head, encodePixelFormat(), length, name]));
    this.#phase = "normal";
  }

  #message(data: Buffer): number {
    switch (data[0]) {
      case 0: {
        if (data.length < 20) return 0;
        const format = parsePixelFormat(data.subarray(4, 20));
        if (format === null) this.close();
        else this.#format = format;
        return 20;
      }
      case 2: {
        if (data.length < 4) return 0;
        const count = data.readUInt16BE(2);
        if (data.length < 4 + count * 4) return 0;
        this.#encodings = Array.from({ length: count }, (_unused, index) => data.readInt32BE(4 + index * 4));
        return 4 + count * 4;
      }
      case 3: {
        if (data.length < 10) return 0;
        this.#asked = true;
        const { width, height } = this.#host.canvas;
        const x = Math.min(width, data.readUInt16BE(2));
        const y = Math.min(height, data.readUInt16BE(4));
        const rect = { x, y, w: Math.min(width - x, data.readUInt16BE(6)), h: Math.min(height - y, data.readUInt16BE(8)) };
        if (data[1] === 0 && rect.w > 0 && rect.h > 0) this.#dirty = [rect];
        void this.#flush();
        return 10;
      }
      case 4:
        if (data.length < 8) return 0;
        this.#host.onKey(data.readUInt32BE(4), data[1] !== 0);
        return 8;
      case 5:
        if (data.length < 6) return 0;
        this.#host.onPointer(data.readUInt16BE(2), data.readUInt16BE(4), data.readUInt8(1));
        return 6;
      case 6: {
        if (data.length < 8) return 0;
        const length = Math.abs(data.readInt32BE(4));
        if (length > MAX_CUT_TEXT) {
          this.close();
          return 0;
        }
        const here = Math.min(length, data.length - 8);
        this.#skip = length - here;
        return 8 + here;
      }
      default:
        this.close();
        return 0;
    }
  }

  async #flush(): Promise<void> {
    if (this.#sending || !this.#asked || this.#dirty.length === 0 || this.#closed || this.#socket.writableLength > MAX_WAITING) return;
    this.#sending = true;
    this.#asked = false;
    const rects = this.#dirty;
    this.#dirty = [];
    const encoding = this.#encodings.includes(ZRLE) ? ZRLE : RAW;
    const head = Buffer.alloc(4);
    head.writeUInt16BE(rects.length, 2);
    const parts: Buffer[] = [head];
    for (const rect of rects) {
      const place = Buffer.alloc(12);
      place.writeUInt16BE(rect.x, 0);
      place.writeUInt16BE(rect.y, 2);
      place.writeUInt16BE(rect.w, 4);
      place.writeUInt16BE(rect.h, 6);
      place.writeInt32BE(encoding, 8);
      parts.push(place, encoding === ZRLE ? await this.#zrle.encode(this.#host.canvas, rect, this.#format) : rawPixels(this.#host.canvas, rect, this.#format));
      if (this.#closed) return;
    }
    this.#socket.write(Buffer.concat(parts));
    this.#sending = false;
    void this.#flush();
  }
}
