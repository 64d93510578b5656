import { Socket, type TcpSocketConnectOpts } from "node:net";
import { Gathering } from "../gathering.ts";

type Written = (error?: Error | null) => void;

/** Larger than a packet (32 KiB), so that few are split over two reads; what is split ssh2 has to copy. */
const READ_BYTES = 256 * 1024;

/** So much may wait for the system before the writers of channels are held back. */
const HELD_BYTES = 512 * 1024;

/**
 * The TCP socket under an SSH connection. It joins the pieces of a packet, and reads into one large buffer instead of a new one of 64 KiB
 * for each read. `data` is emitted as always, with bytes of its own until `reuseBuffer` is called.
 */
export class WireSocket extends Socket {
  readonly #gathering: Gathering;
  readonly #reading: { copies: boolean };

  constructor(to: TcpSocketConnectOpts) {
    const reading = { copies: true };
    const options = {
      writableHighWaterMark: HELD_BYTES,
      onread: {
        buffer: Buffer.allocUnsafe(READ_BYTES),
        callback: (bytes: number, buffer: Uint8Array) => {
          const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
          this.emit("data", reading.copies ? Buffer.from(chunk) : chunk);
          return true;
        },
      },
    };
    super(options);
    this.setNoDelay(true);
    this.setKeepAlive(true);
    this.#reading = reading;
    this.#gathering = new Gathering(this);
    this.connect(to);
    // Node (lib/net.js, Socket.prototype.connect) puts its own `write` on the socket, over the one below.
    Reflect.deleteProperty(this, "write");
  }

  /** From now on a chunk is valid only while `data` is emitted. */
  reuseBuffer(): void {
    this.#reading.copies = false;
  }

  override write(chunk: Uint8Array | string, encoding?: BufferEncoding | Written, written?: Written): boolean {
    this.#gathering.begin();
    return typeof encoding === "string" ? super.write(chunk, encoding, written) : super.write(chunk, encoding ?? written);
  }
}
