import type { Duplex } from "node:stream";
import { ScreenError } from "./screen-error.ts";

export interface ByteReader {
  /**
   * Exactly that many bytes; what follows them stays in the stream.
   * @param what for the error, e.g. "its version"
   * @throws ScreenError `closed` when the stream ends before; the signal's reason when it is aborted
   */
  read(bytes: number, what: string): Promise<Buffer>;
  /** Gives the stream back to its next reader. */
  release(): void;
}

/** Reads a stream in paused mode, so that a sender can fill no more than the stream's own buffer. One read at a time. */
export function createByteReader(stream: Duplex, signal: AbortSignal): ByteReader {
  let wake: () => void = () => {};
  let ended = stream.readableEnded || stream.destroyed;
  let failure: Error | null = null;
  const onReadable = () => wake();
  const onEnd = () => {
    ended = true;
    wake();
  };
  const onError = (error: Error) => {
    failure ??= error;
    onEnd();
  };
  const onAbort = () => wake();
  stream.on("readable", onReadable);
  stream.on("end", onEnd);
  stream.on("close", onEnd);
  stream.on("error", onError);
  signal.addEventListener("abort", onAbort);

  return {
    async read(bytes, what) {
      if (bytes === 0) return Buffer.alloc(0);
      for (;;) {
        if (signal.aborted) throw signal.reason;
        const chunk: unknown = stream.read(bytes);
        if (Buffer.isBuffer(chunk) && chunk.length === bytes) return chunk;
        if (ended || chunk !== null) {
          throw new ScreenError("closed", `the screen's server closed the connection before ${what}${failure === null ? "" : ` (${failure.message})`}`);
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = () => {};
      }
    },
    release() {
      stream.off("readable", onReadable);
      stream.off("end", onEnd);
      stream.off("close", onEnd);
      stream.off("error", onError);
      signal.removeEventListener("abort", onAbort);
    },
  };
}
