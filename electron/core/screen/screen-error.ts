import type { ScreenFailure } from "../../../shared/snapshot.ts";

/** Why a screen could not be shown, or stopped; the message is one plain sentence and holds no secret. */
export class ScreenError extends Error {
  override readonly name = "ScreenError";
  constructor(
    readonly kind: ScreenFailure,
    message: string,
  ) {
    super(message);
  }
}
