const MAX_BYTES = 16 * 1024;
const KEXINIT = 20;

/**
 * Reads along with the first bytes of a connection: whether the other side speaks SSH at all, and which key exchanges it offers, which
 * ssh2 does not tell. The first packet is in the clear (RFC 4253 §4.2, §6, §7.1).
 */
export class ServerGreeting {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    if (this.#bytes.length < MAX_BYTES) this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(0, MAX_BYTES - this.#bytes.length)]);
  }

  get anything(): boolean {
    return this.#bytes.length > 0;
  }

  /** `SSH-2.0-…`, or `null` as long as no such line was seen. Lines before it are allowed. */
  get version(): string | null {
    return /^SSH-[^\r\n]*(?=\r?\n)/m.exec(this.#bytes.toString("latin1"))?.[0] ?? null;
  }

  /** The first bytes as safe text, to show what answered instead of SSH. */
  get opening(): string {
    return (
      this.#bytes
        .toString("latin1", 0, 60)
        .split(/[\r\n]/)[0]
        ?.replace(/[^\x20-\x7e]/g, "·") ?? ""
    );
  }

  /** Key exchange methods the server offers, without the markers that are none. Empty as long as unknown. */
  get keyExchanges(): readonly string[] {
    const line = /^SSH-[^\r\n]*\r?\n/m.exec(this.#bytes.toString("latin1"));
    if (line === null) return [];
    const packet = this.#bytes.subarray(line.index + line[0].length);
    const list = 5 + 1 + 16;
    if (packet.length < list + 4 || packet[5] !== KEXINIT) return [];
    const length = packet.readUInt32BE(list);
    if (length > MAX_BYTES || packet.length < list + 4 + length) return [];
    return packet
      .toString("latin1", list + 4, list + 4 + length)
      .split(",")
      .filter((name) => name !== "" && name !== "ext-info-s" && !name.startsWith("kex-strict"));
  }
}
