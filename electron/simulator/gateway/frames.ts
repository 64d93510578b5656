/** Framing of the TWS socket protocol: u32 big-endian length, then fields each ended by NUL (text layout, up to version 200). */

/** Frame cap used by clients of the protocol. */
const MAX_FRAME = 0xffffff;

export type Field = string | number;

export function encodeFrame(fields: readonly Field[]): Buffer {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(""), "utf8");
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

export type Incoming =
  | { readonly kind: "hello"; readonly min: number; readonly max: number }
  | { readonly kind: "message"; readonly fields: readonly string[] }
  | { readonly kind: "malformed"; readonly reason: string };

/** Takes bytes as they come; never throws. After `malformed` nothing more is given. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);
  #greeted = false;
  #dead = false;

  push(chunk: Buffer): Incoming[] {
    if (this.#dead) return [];
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const found: Incoming[] = [];
    for (let next = this.#next(); next !== null; next = this.#next()) {
      found.push(next);
      if (next.kind === "malformed") break;
    }
    return found;
  }

  #malformed(reason: string): Incoming {
    this.#dead = true;
    this.#pending = Buffer.alloc(0);
    return { kind: "malformed", reason };
  }

  #next(): Incoming | null {
    const skip = this.#greeted ? 0 : 4;
    if (!this.#greeted) {
      const prefix = this.#pending.subarray(0, 4).toString("latin1");
      if (!"API\0".startsWith(prefix)) return this.#malformed("no API prefix");
    }
    if (this.#pending.length < skip + 4) return null;
    const length = this.#pending.readUInt32BE(skip);
    if (length === 0 || length > (this.#greeted ? MAX_FRAME : 256)) return this.#malformed(`length ${length}`);
    if (this.#pending.length < skip + 4 + length) return null;
    const body = this.#pending.subarray(skip + 4, skip + 4 + length).toString("utf8");
    this.#pending = this.#pending.subarray(skip + 4 + length);
    if (this.#greeted) return { kind: "message", fields: body.endsWith("\0") ? body.slice(0, -1).split("\0") : body.split("\0") };
    const range = /^v(\d{1,5})(?:\.\.(\d{1,5}))?(?: .*)?\0?$/s.exec(body);
    if (range === null) return this.#malformed("no version range");
    this.#greeted = true;
    return { kind: "hello", min: Number(range[1]), max: Number(range[2] ?? range[1]) };
  }
}
