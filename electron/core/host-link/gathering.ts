import type { Writable } from "node:stream";

/**
 * Joins what is written to a stream within one turn of the event loop, so that it costs one system call and wakes the other side once.
 * Call it before each write.
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
