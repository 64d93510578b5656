/**
 * The bytes between the wire and the library's decoder. `@stoqey/ib` 1.6.10 reads lengths as signed and loops forever on a negative one, waits forever
 * on a wrong service's banner, and glues a body without its final NUL to the next message; so nothing reaches it before it was checked here.
 */

/** Cap of a message body in bytes; the clients of the field use the same. */
export const MAX_FRAME_BYTES = 0xffffff;
/** A version reply is a short number and a date with a free-text time zone. */
const MAX_VERSION_REPLY_BYTES = 256;
export const OLDEST_SERVER_VERSION = 100;
export const NEWEST_SERVER_VERSION = 193;

export type FrameFaultKind = "wrong-service" | "bad-frame" | "unsupported-version";
export class FrameFault extends Error {
  override readonly name = "FrameFault";
  constructor(
    readonly kind: FrameFaultKind,
    message: string,
    /** Printable, at most 40 characters. */
    readonly firstBytes: string | null = null,
  ) {
    super(message);
  }
}

/** At most 40 printable characters of what came; others as dots. */
export function printable(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 40)].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
}

/** Names the service by its first four bytes or more; `null` where they say nothing. */
export function serviceByBanner(bytes: Uint8Array): string | null {
  const text = printable(bytes);
  if (text.startsWith("SSH-")) return "an SSH server";
  if (text.startsWith("RFB ")) return "a VNC server";
  if (/^HTTP|^<(!do|htm)/i.test(text)) return "a web server";
  // TLS records: type 20..23, then version 3.x
  if (bytes[0] !== undefined && bytes[0] >= 0x14 && bytes[0] <= 0x17 && bytes[1] === 3) return "a TLS server";
  if (/^8=FI/.test(text)) return "a FIX server";
  if (/^(220|\+OK|\* OK)[ -]/.test(text)) return "a mail or file server";
  return null;
}

export interface VersionReply {
  readonly serverVersion: number;
  /** Free text of the gateway, e.g. "20260405 23:49:26 Central European Standard Time". */
  readonly connectionTime: string;
}

function wrongService(bytes: Uint8Array): FrameFault {
  const service = serviceByBanner(bytes);
  return new FrameFault(
    "wrong-service",
    `the answer is not the API's${service === null ? "" : ` but that of ${service}`}: "${printable(bytes)}"`,
    printable(bytes),
  );
}

/**
 * The first frame of a connection.
 * @throws FrameFault `wrong-service` unless it is two NUL-ended fields of which the first is a number; `unsupported-version` outside 100 to 193
 */
export function parseVersionReply(frame: Buffer): VersionReply {
  const body = frame.subarray(4);
  const fields = body.toString("utf8").split("\0");
  const [version, connectionTime, rest] = fields;
  if (fields.length !== 3 || rest !== "" || version === undefined || connectionTime === undefined || !/^\d{1,4}$/.test(version)) throw wrongService(frame);
  const serverVersion = Number(version);
  if (serverVersion < OLDEST_SERVER_VERSION || serverVersion > NEWEST_SERVER_VERSION) {
    throw new FrameFault(
      "unsupported-version",
      `the gateway answered with API version ${version}; this program speaks ${OLDEST_SERVER_VERSION} to ${NEWEST_SERVER_VERSION}`,
    );
  }
  return { serverVersion, connectionTime };
}

/**
 * Cuts the byte stream into whole frames (length prefix included), whatever the chunks are. Holds at most one unfinished frame.
 * The first frame must look like a version reply.
 */
export class FrameReader {
  private first = true;
  private readonly head = Buffer.alloc(4);
  private headFilled = 0;
  private frame: Buffer | null = null;
  private filled = 0;
  private beginning = Buffer.alloc(0);
  /** Bytes seen so far. */
  bytes = 0;

  /**
   * @param onFrame returns false to stop reading (the rest of the chunk is dropped)
   * @throws FrameFault on a length of 0 or above 0xFFFFFF (so also on negative ones), and on bytes of a wrong service
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => boolean): void {
    this.bytes += chunk.length;
    if (this.beginning.length < 40) this.beginning = Buffer.concat([this.beginning, chunk.subarray(0, 40 - this.beginning.length)]);
    let at = 0;
    while (at < chunk.length) {
      if (this.frame === null && this.headFilled === 0 && chunk.length - at >= 4) {
        const end = at + 4 + this.bodyLength(chunk.readUInt32BE(at));
        if (end <= chunk.length) {
          this.first = false;
          if (!onFrame(chunk.subarray(at, end))) return;
          at = end;
          continue;
        }
      }
      at = this.collect(chunk, at);
      if (this.frame !== null && this.filled === this.frame.length) {
        const whole = this.frame;
        this.frame = null;
        this.headFilled = 0;
        this.first = false;
        if (!onFrame(whole)) return;
      }
    }
  }

  /** What the unfinished beginning of a connection that ended or fell silent means; `null` when no byte came. */
  unfinished(): FrameFault | null {
    if (this.bytes === 0) return null;
    if (this.first && (this.headFilled < 4 || serviceByBanner(this.beginning) !== null || !/^\d*$/.test(printable(this.beginning.subarray(4, 7))))) {
      return wrongService(this.beginning);
    }
    return new FrameFault("bad-frame", `a message began and never ended after ${this.bytes} bytes`, printable(this.beginning));
  }

  private collect(chunk: Buffer, from: number): number {
    let at = from;
    if (this.frame === null) {
      while (this.headFilled < 4 && at < chunk.length) this.head[this.headFilled++] = chunk[at++] ?? 0;
      if (this.headFilled < 4) return at;
      this.frame = Buffer.allocUnsafe(4 + this.bodyLength(this.head.readUInt32BE(0)));
      this.head.copy(this.frame);
      this.filled = 4;
    }
    const copied = chunk.copy(this.frame, this.filled, at, Math.min(chunk.length, at + this.frame.length - this.filled));
    this.filled += copied;
    return at + copied;
  }

  private bodyLength(length: number): number {
    if (this.first) {
      if (length < 4 || length > MAX_VERSION_REPLY_BYTES) throw wrongService(this.beginning);
      return length;
    }
    if (length === 0 || length > MAX_FRAME_BYTES) {
      throw new FrameFault("bad-frame", `a message announces a length of ${length | 0} bytes; 1 to ${MAX_FRAME_BYTES} are possible`);
    }
    return length;
  }
}

/**
 * The message id of a text frame.
 * @throws FrameFault when the body is no list of NUL-ended fields that begins with a number
 */
export function messageId(frame: Buffer): number {
  let id = 0;
  let at = 4;
  for (; at < frame.length && at < 10; at++) {
    const digit = (frame[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    id = id * 10 + digit;
  }
  if (at === 4 || frame[at] !== 0 || frame[frame.length - 1] !== 0) {
    throw new FrameFault("bad-frame", `a message is no list of NUL-ended fields: "${printable(frame.subarray(4))}"`);
  }
  return id;
}
