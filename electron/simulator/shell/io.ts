import type { Readable } from "node:stream";

/** What a simulated program has: its streams and the news that it should end. */
export interface Io {
  readonly stdin: Readable;
  out(data: string | Buffer): void;
  err(data: string | Buffer): void;
  /** Aborted when the channel closes or the process is killed. */
  readonly signal: AbortSignal;
}

/** @returns the exit code */
export type Program = (argv: readonly string[], io: Io) => Promise<number>;

/** Waits until the signal is aborted; at once if it is. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
