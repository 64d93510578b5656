import { randomUUID } from "node:crypto";
import type { Prompt } from "../../shared/snapshot.ts";
import type { Clock } from "./clock.ts";
import type { PromptBroker, PromptOutcome, PromptRequest } from "./prompts.ts";

/** How long a question stays open (ms). */
const PATIENCE_MS = 180_000;

interface Open {
  readonly prompt: Prompt;
  readonly askers: Set<(outcome: PromptOutcome) => void>;
  readonly cancelExpiry: () => void;
}

export interface Prompts extends PromptBroker {
  readonly open: readonly Prompt[];
  /** @returns false when the prompt is gone (expired, answered elsewhere) or an answer lacks a field */
  answer(id: string, values: Readonly<Record<string, string>>, remember: boolean): boolean;
  dismiss(id: string): boolean;
  /** Ends every open question as dismissed. */
  dispose(): void;
}

/** @param options.somebody whether a person can see a dialog now; otherwise every question ends at once with `nobody` */
export function createPrompts(options: { clock: Clock; somebody: () => boolean; onChange: () => void }): Prompts {
  const { clock, somebody, onChange } = options;
  const open = new Map<string, Open>();

  const settle = (id: string, outcome: PromptOutcome): boolean => {
    const entry = open.get(id);
    if (entry === undefined) return false;
    open.delete(id);
    entry.cancelExpiry();
    for (const asker of entry.askers) asker(outcome);
    onChange();
    return true;
  };

  const begin = (request: PromptRequest): Open => {
    const id = randomUUID();
    const askedAt = clock.now();
    const entry: Open = {
      prompt: { ...request, id, askedAt, expiresAt: askedAt + PATIENCE_MS },
      askers: new Set(),
      cancelExpiry: clock.after(PATIENCE_MS, () => settle(id, { kind: "expired" })),
    };
    open.set(id, entry);
    onChange();
    return entry;
  };

  return {
    get open() {
      return [...open.values()].map((entry) => entry.prompt);
    },
    ask(request, signal) {
      if (!somebody()) return Promise.resolve({ kind: "nobody" });
      if (signal?.aborted === true) return Promise.resolve({ kind: "dismissed" });
      const entry = [...open.values()].find((other) => other.prompt.key === request.key) ?? begin(request);
      return new Promise((resolve) => {
        const leave = () => {
          entry.askers.delete(done);
          resolve({ kind: "dismissed" });
          // The last asker took its question back: nobody waits for an answer any more.
          if (entry.askers.size === 0) settle(entry.prompt.id, { kind: "dismissed" });
        };
        const done = (outcome: PromptOutcome) => {
          signal?.removeEventListener("abort", leave);
          resolve(outcome);
        };
        entry.askers.add(done);
        signal?.addEventListener("abort", leave, { once: true });
      });
    },
    answer(id, values, remember) {
      const entry = open.get(id);
      if (entry === undefined || entry.prompt.fields.some((field) => values[field.name] === undefined)) return false;
      return settle(id, { kind: "answered", answer: { values, remember: remember && entry.prompt.canRemember } });
    },
    dismiss: (id) => settle(id, { kind: "dismissed" }),
    dispose() {
      for (const id of [...open.keys()]) settle(id, { kind: "dismissed" });
    },
  };
}
