import { connect, type Socket } from "node:net";
import { Canvas, type Rect } from "../../../electron/simulator/screen/canvas.ts";
import { changedTiles } from "../../../electron/simulator/screen/changed-tiles.ts";
import { paintScreen, type ScreenModel } from "../../../electron/simulator/screen/screen-model.ts";
import { actOn, pressKey } from "../../../electron/simulator/screen/ui-actions.ts";
import { IDLE, type UiState } from "../../../electron/simulator/screen/ui-state.ts";
import { type Hit, Painter } from "../../../electron/simulator/screen/widgets.ts";

const WIDTH = 1024;
const HEIGHT = 768;
const PAINT_MS = 60;
const RETRY_MS = 500;
/** Bytes of picture in one PutImage; the server's limit is 65535 words. */
const MAX_IMAGE = 240_000;
/** KeyPress, ButtonPress, ButtonRelease, Exposure. */
const EVENTS = 0x1 | 0x4 | 0x8 | 0x8000;

/**
 * A window on a real X display, spoken to in the X11 protocol (x.org, "X Window System Protocol", appendix B): one window of 24 bits,
 * PutImage to paint, mouse and keyboard back. No window manager is needed.
 */
export class XWindow {
  private socket: Socket | null = null;
  private pending: Buffer = Buffer.alloc(0);
  private ready = false;
  private window = 0;
  private gc = 0;
  private firstKey = 8;
  private keys: number[][] = [];
  private readonly shown = new Canvas(WIDTH, HEIGHT);
  private hits: readonly Hit[] = [];
  private readonly state: UiState = { ...IDLE };
  private scheduled = false;
  private wanted = true;
  private retry: NodeJS.Timeout | null = null;

  constructor(
    private readonly display: string,
    private readonly model: ScreenModel,
  ) {
    this.open();
  }

  changed(): void {
    if (!this.ready || this.scheduled) return;
    this.scheduled = true;
    setTimeout(() => {
      this.scheduled = false;
      this.paint(false);
    }, PAINT_MS);
  }

  /** Without it the display shows its bare root. */
  show(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (!wanted) this.socket?.destroy();
    else if (this.retry === null && this.socket?.destroyed !== false) this.open();
  }

  private again(): void {
    this.retry = null;
    if (this.wanted) this.open();
  }

  private open(): void {
    const socket = connect(`/tmp/.X11-unix/X${this.display.replace(/^.*:/, "")}`);
    this.socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.ready = false;
      this.pending = Buffer.alloc(0);
      if (this.socket === socket) this.retry = setTimeout(() => this.again(), RETRY_MS);
    });
    const hello = Buffer.alloc(12);
    hello.write("l");
    hello.writeUInt16LE(11, 2);
    socket.on("connect", () => socket.write(hello));
    socket.on("data", (chunk: Buffer) => {
      this.pending = Buffer.concat([this.pending, chunk]);
      while (this.take());
    });
  }

  /** @returns whether something was taken */
  private take(): boolean {
    const data = this.pending;
    if (!this.ready) {
      if (data.length < 8) return false;
      const length = 8 + data.readUInt16LE(6) * 4;
      if (data.length < length) return false;
      if (data[0] !== 1) {
        this.socket?.destroy();
        return false;
      }
      this.pending = data.subarray(length);
      this.begin(data);
      return this.pending.length > 0;
    }
    if (data.length < 32) return false;
    const kind = (data[0] ?? 0) & 0x7f;
    const length = kind === 1 ? 32 + data.readUInt32LE(4) * 4 : 32;
    if (data.length < length) return false;
    this.pending = data.subarray(length);
    if (kind === 1) this.keymap(data.subarray(0, length));
    else this.event(kind, data);
    return this.pending.length >= 32;
  }

  private begin(setup: Buffer): void {
    const base = setup.readUInt32LE(12);
    const vendor = setup.readUInt16LE(24);
    const formats = setup.readUInt8(29);
    this.firstKey = setup.readUInt8(34);
    const lastKey = setup.readUInt8(35);
    const root = setup.readUInt32LE(40 + ((vendor + 3) & ~3) + formats * 8);
    this.window = base | 1;
    this.gc = base | 2;
    const create = this.request(1, 0, 36);
    create.writeUInt32LE(this.window, 4);
    create.writeUInt32LE(root, 8);
    create.writeUInt16LE(WIDTH, 16);
    create.writeUInt16LE(HEIGHT, 18);
    create.writeUInt16LE(1, 22);
    create.writeUInt32LE(0x800, 28);
    create.writeUInt32LE(EVENTS, 32);
    const gc = this.request(55, 0, 16);
    gc.writeUInt32LE(this.gc, 4);
    gc.writeUInt32LE(this.window, 8);
    const map = this.request(8, 0, 8);
    map.writeUInt32LE(this.window, 4);
    // Keys go to the window: no window manager gives it the focus.
    const focus = this.request(42, 1, 12);
    focus.writeUInt32LE(this.window, 4);
    const keyboard = this.request(101, 0, 8);
    keyboard.writeUInt8(this.firstKey, 4);
    keyboard.writeUInt8(lastKey - this.firstKey + 1, 5);
    this.socket?.write(Buffer.concat([create, gc, map, focus, keyboard]));
    this.ready = true;
    this.paint(true);
  }

  private request(opcode: number, detail: number, bytes: number): Buffer {
    const out = Buffer.alloc(bytes);
    out.writeUInt8(opcode, 0);
    out.writeUInt8(detail, 1);
    out.writeUInt16LE(bytes / 4, 2);
    return out;
  }

  /** The one reply we ask for: keysyms of each key. */
  private keymap(reply: Buffer): void {
    const each = reply.readUInt8(1);
    const all = Array.from({ length: (reply.length - 32) / 4 }, (_unused, at) => reply.readUInt32LE(32 + at * 4));
    this.keys = Array.from({ length: Math.floor(all.length / Math.max(1, each)) }, (_unused, at) => all.slice(at * each, (at + 1) * each));
  }

  private event(kind: number, data: Buffer): void {
    if (kind === 12) this.paint(true);
    else if (kind === 2) {
      const key = this.keys[data.readUInt8(1) - this.firstKey] ?? [];
      const shift = (data.readUInt16LE(28) & 1) !== 0;
      pressKey((shift ? key[1] : key[0]) || (key[0] ?? 0), true, this.state, this.model);
      this.changed();
    } else this.pointer(kind, data);
  }

  private pointer(kind: number, data: Buffer): void {
    if ((kind !== 4 && kind !== 5) || data.readUInt8(1) !== 1) return;
    const under = Painter.at(this.hits, data.readInt16LE(24), data.readInt16LE(26));
    if (kind === 4) {
      this.state.pressed = under;
      if (under !== null) this.state.focus = under;
    } else {
      const target = this.state.pressed;
      this.state.pressed = null;
      if (target !== null && target === under) actOn(target, this.state, this.model);
    }
    this.changed();
  }

  private paint(whole: boolean): void {
    if (!this.ready) return;
    if (this.model.mainSince === null) this.state.settings = null;
    const next = new Canvas(WIDTH, HEIGHT);
    this.hits = paintScreen(next, this.model, this.state);
    const rects = whole ? [{ x: 0, y: 0, w: WIDTH, h: HEIGHT }] : changedTiles(this.shown, next);
    this.shown.pixels.set(next.pixels);
    for (const rect of rects) this.put(rect);
  }

  private put(rect: Rect): void {
    const rows = Math.max(1, Math.floor(MAX_IMAGE / (rect.w * 4)));
    for (let y = rect.y; y < rect.y + rect.h; y += rows) {
      const height = Math.min(rows, rect.y + rect.h - y);
      const out = this.request(72, 2, 24 + rect.w * height * 4);
      out.writeUInt32LE(this.window, 4);
      out.writeUInt32LE(this.gc, 8);
      out.writeUInt16LE(rect.w, 12);
      out.writeUInt16LE(height, 14);
      out.writeInt16LE(rect.x, 16);
      out.writeInt16LE(y, 18);
      out.writeUInt8(24, 21);
      for (let row = 0; row < height; row += 1)
        for (let x = 0; x < rect.w; x += 1) out.writeUInt32LE(this.shown.pixels[(y + row) * WIDTH + rect.x + x] ?? 0, 24 + (row * rect.w + x) * 4);
      this.socket?.write(out);
    }
  }
}
