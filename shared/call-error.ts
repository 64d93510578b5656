import type { CallErrorCode } from "./frames.ts";

/** How a call of the contract failed: thrown by a handler to give the window more than a sentence, and by the client. */
export class CallError extends Error {
  override readonly name = "CallError";
  constructor(
    readonly code: CallErrorCode,
    message: string,
    readonly faults: readonly string[] = [],
  ) {
    super(message);
  }
}
