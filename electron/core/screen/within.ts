import type { Clock } from "../clock.ts";

/**
 * Runs one step under a deadline of its own and under the end of the whole.
 * @throws `late` at the deadline, the signal's reason when it is aborted, or what the step throws
 */
export async function within<T>(clock: Clock, whole: AbortSignal, ms: number, late: Error, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  whole.throwIfAborted();
  const deadline = new AbortController();
  const cancel = clock.after(ms, () => deadline.abort(late));
  const signal = AbortSignal.any([whole, deadline.signal]);
  let onAbort: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([run(signal), aborted]);
  } finally {
    cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
