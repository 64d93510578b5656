/** Collects a program's output up to a number of bytes; what exceeds it is counted and dropped, so that the program is never blocked. */
export class BoundedText {
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  #bytes = 0;
  #truncated = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    const room = this.#maxBytes - this.#bytes;
    if (chunk.length > room) this.#truncated = true;
    if (room <= 0) return;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#chunks.push(kept);
    this.#bytes += kept.length;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  /** UTF-8; a character cut in two at the end becomes U+FFFD. */
  toString(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}

export const DEFAULT_MAX_BYTES = 1024 * 1024;
