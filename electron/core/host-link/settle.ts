import type { Clock } from "../clock.ts";

export interface SettleOptions<T> {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  readonly onTimeout: () => Error;
  readonly onAbort: () => Error;
  /** A value that came after the deadline or the abort: it must be closed. */
  readonly onLate?: (value: T) => void;
}

/**
 * Runs `begin` and settles exactly once: by its callbacks, at the deadline, or when the signal aborts. Everything that comes later is
 * handed to `onLate` or dropped. The timer and the abort listener are gone in every case.
 */
export function settle<T>(options: SettleOptions<T>, begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (options.signal?.aborted) {
      reject(options.onAbort());
      return;
    }
    let open = true;
    const close = (): boolean => {
      if (!open) return false;
      open = false;
      cancel();
      options.signal?.removeEventListener("abort", aborted);
      return true;
    };
    const fail = (error: Error) => {
      if (close()) reject(error);
    };
    const aborted = () => fail(options.onAbort());
    const cancel = options.clock.after(Math.max(0, options.deadlineMs), () => fail(options.onTimeout()));
    options.signal?.addEventListener("abort", aborted, { once: true });
    try {
      begin((value) => {
        if (close()) resolve(value);
        else options.onLate?.(value);
      }, fail);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
