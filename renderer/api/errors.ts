import { strings } from "../strings.ts";

/** A sentence for a person from whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error && error.message !== "") return error.message;
  return typeof error === "string" && error !== "" ? error : strings.link.noReason;
}
