import type { Prompt, PromptAnswer } from "../../shared/snapshot.ts";

/** What a room asks for. Answers are secrets: they go to the asker alone and are never stored in the snapshot. */
export type PromptRequest = Omit<Prompt, "id" | "askedAt" | "expiresAt">;

export type PromptOutcome =
  | { readonly kind: "answered"; readonly answer: PromptAnswer }
  | { readonly kind: "dismissed" }
  | { readonly kind: "expired" }
  | { readonly kind: "nobody" };

/**
 * The queue of questions to the person. Equal questions (same `key`) are joined: one prompt, every asker gets the answer.
 * `nobody` is returned at once where no one can see a dialog (command line without a terminal).
 */
export interface PromptBroker {
  ask(request: PromptRequest, signal?: AbortSignal): Promise<PromptOutcome>;
}
