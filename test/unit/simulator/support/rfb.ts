import { createInflate, type Inflate } from "node:zlib";
import { vncResponse } from "../../../../electron/simulator/screen/vnc-auth.ts";
import { dial, Inbox } from "./sim.ts";

/** A small viewer: VNC authentication, raw or ZRLE, 32-bit pixels. */
export class Viewer {
  readonly #socket;
  readonly #inbox;
  readonly #inflate: Inflate = createInflate();
  #inflated: Buffer = Buffer.alloc(0);
  width = 0;
  height = 0;
  name = "";
  pixels = new Uint32Array(0);
  updates = 0;

  private constructor(socket: Awaited<ReturnType<typeof dial>>) {
    this.#socket = socket;
    this.#inbox = new Inbox(socket);
    this.#inflate.on("data", (chunk: Buffer) => {
      this.#inflated = Buffer.concat([this.#inflated, chunk]);
    });
  }

  /** @throws Error with the server's reason when the password is refused */
  static async open(port: number, password: string, encoding: 0 | 16): Promise<Viewer> {
    const viewer = new Viewer(await dial(port));
    const inbox = viewer.#inbox;
    const socket = viewer.#socket;
    const banner = (await inbox.read(12)).toString();
    if (banner !== "RFB 003.008\n") throw new Error(`banner ${banner}`);
    socket.write(banner);
    const types = await inbox.read((await inbox.read(1)).readUInt8(0));
    if (!types.includes(2)) throw new Error("no VNC authentication");
    socket.write(Buffer.from([2]));
    socket.write(vncResponse(password, await inbox.read(16)));
    if ((await inbox.read(4)).readUInt32BE() !== 0) throw new Error((await inbox.read((await inbox.read(4)).readUInt32BE())).toString());
    socket.write(Buffer.from([1]));
    const init = await inbox.read(24);
    viewer.width = init.readUInt16BE(0);
    viewer.height = init.readUInt16BE(2);
    viewer.name = (await inbox.read(init.readUInt32BE(20))).toString();
    viewer.pixels = new Uint32Array(viewer.width * viewer.height);
    const encodings = Buffer.alloc(8);
    encodings.writeUInt8(2, 0);
    encodings.writeUInt16BE(1, 2);
    encodings.writeInt32BE(encoding, 4);
    socket.write(encodings);
    return viewer;
  }

  ask(incremental: boolean): void {
    const request = Buffer.alloc(10);
    request.set([3, incremental ? 1 : 0]);
    request.writeUInt16BE(this.width, 6);
    request.writeUInt16BE(this.height, 8);
    this.#socket.write(request);
  }

  /** Waits for the update that was asked for. @returns how many pixels it carried */
  async update(): Promise<number> {
    const head = await this.#inbox.read(4);
    let carried = 0;
    for (let count = head.readUInt16BE(2); count > 0; count -= 1) {
      const place = await this.#inbox.read(12);
      const rect = { x: place.readUInt16BE(0), y: place.readUInt16BE(2), w: place.readUInt16BE(4), h: place.readUInt16BE(6) };
      carried += rect.w * rect.h;
      if (place.readInt32BE(8) === 0) this.#raw(rect, await this.#inbox.read(rect.w * rect.h * 4), 4);
      else await this.#zrle(rect);
    }
    this.updates += 1;
    return carried;
  }

  point(x: number, y: number, buttons: number): void {
    const event = Buffer.alloc(6);
    event.set([5, buttons]);
    event.writeUInt16BE(x, 2);
    event.writeUInt16BE(y, 4);
    this.#socket.write(event);
  }
  /** Presses and releases. */
  click(x: number, y: number): void {
    this.point(x, y, 0);
    this.point(x, y, 1);
    this.point(x, y, 0);
  }
  key(keysym: number): void {
    for (const down of [1, 0]) {
      const event = Buffer.alloc(8);
      event.set([4, down]);
      event.writeUInt32BE(keysym, 4);
      this.#socket.write(event);
    }
  }
  /** Looks at updates until the picture is as wanted. */
  async until(check: () => boolean): Promise<void> {
    for (const limit = Date.now() + 10_000; !check(); ) {
      if (Date.now() > limit) throw new Error("the picture never became so");
      this.ask(true);
      await this.update();
    }
  }
  at(x: number, y: number): number {
    return this.pixels[y * this.width + x] ?? -1;
  }

  #raw(rect: { x: number; y: number; w: number; h: number }, data: Buffer, size: 3 | 4): void {
    for (let y = 0; y < rect.h; y += 1)
      for (let x = 0; x < rect.w; x += 1) this.pixels[(rect.y + y) * this.width + rect.x + x] = data.readUIntLE((y * rect.w + x) * size, 3);
  }

  async #zrle(rect: { x: number; y: number; w: number; h: number }): Promise<void> {
    const body = await this.#inbox.read((await this.#inbox.read(4)).readUInt32BE());
    await new Promise<void>((resolve) => this.#inflate.write(body, () => resolve()));
    await new Promise<void>((resolve) => setImmediate(resolve));
    const take = (length: number) => {
      if (this.#inflated.length < length) throw new Error("ZRLE is shorter than its rectangle");
      const part = this.#inflated.subarray(0, length);
      this.#inflated = this.#inflated.subarray(length);
      return part;
    };
    for (let y = rect.y; y < rect.y + rect.h; y += 64)
      for (let x = rect.x; x < rect.x + rect.w; x += 64) {
        const tile = { x, y, w: Math.min(64, rect.x + rect.w - x), h: Math.min(64, rect.y + rect.h - y) };
        const kind = take(1).readUInt8(0);
        if (kind === 0) this.#raw(tile, take(tile.w * tile.h * 3), 3);
        else if (kind === 1) {
          const colour = take(3);
          this.#raw(tile, Buffer.concat(Array.from({ length: tile.w * tile.h }, () => colour)), 3);
        } else throw new Error(`tile ${kind}`);
      }
    if (this.#inflated.length > 0) throw new Error("ZRLE is longer than its rectangle");
  }
}
