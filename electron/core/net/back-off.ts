export interface BackOffOptions {
  /** A random number in [0, 1). */
  readonly random: () => number;
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Exponential back-off with full jitter: a delay evenly spread between 0 and the current limit, which doubles up to `maxMs`. Full jitter
 * keeps many clients from knocking at the same moment after a server came back.
 */
export class BackOff {
  readonly #options: BackOffOptions;
  #tries = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** @returns the next delay in ms, in [0, min(maxMs, firstMs · 2^tries)) */
  next(): number {
    const limit = Math.min(this.#options.maxMs, this.#options.firstMs * 2 ** Math.min(this.#tries, 30));
    this.#tries += 1;
    return Math.floor(this.#options.random() * limit);
  }

  reset(): void {
    this.#tries = 0;
  }
}
