import type { Writable } from "node:stream";

/**
 * Joins what is written within one turn of the event loop. ssh2 (1.17) writes an AES-GCM packet in three pieces, its length, its content and
 * its tag; without Nagle's algorithm each is a system call and a TCP segment of its own, and wakes the server. Call it before each write.
 */
export class Gathering {
  readonly #stream: Writable;
  #gathers = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  begin(): void {
    if (this.#gathers) return;
    this.#gathers = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#gathers = false;
      this.#stream.uncork();
    });
  }
}
