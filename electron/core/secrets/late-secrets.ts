import type { Clock } from "../clock.ts";
import type { SecretStore } from "./secret-store.ts";

export interface LateSecretsOptions {
  /** The keychain while it is being opened: it may show a dialog of the system, or a question of ours, and take any time. */
  readonly opening: Promise<SecretStore>;
  /** Answers until then, and holds what is set meanwhile. */
  readonly memory: SecretStore;
  readonly clock: Clock;
  /** Nothing secret is ever passed. */
  readonly warn: (message: string) => void;
}

/** So long a secret is waited for; then the person is asked for it as if none were kept. */
const WAIT_MS = 20_000;

/**
 * Secrets of a keychain that opens in its own time: nothing else waits for it, least of all the light. What is set or forgotten meanwhile is handed
 * on once it is open. Where it fails, memory takes its place and the reason is said.
 */
export function lateSecrets(options: LateSecretsOptions): SecretStore {
  const { memory, clock, warn } = options;
  let opened: SecretStore | null = null;
  const ready: Promise<SecretStore> = options.opening.then(
    (store) => {
      opened = store;
      return store;
    },
    (error: unknown) => {
      warn(`the system's keychain failed: ${error instanceof Error ? error.message : String(error)}`);
      opened = withBackend(memory, "The system's keychain failed: secrets are kept in memory only and asked for again after a restart.");
      return opened;
    },
  );
  let order: Promise<unknown> = ready;
  const later = (change: (store: SecretStore) => Promise<void>) => {
    order = order.then(async () => {
      try {
        await change(await ready);
      } catch {
        warn("a secret could not be handed to the keychain");
      }
    });
  };
  const wait = () =>
    new Promise<SecretStore | null>((resolve) => {
      const cancel = clock.after(WAIT_MS, () => resolve(null));
      void ready.then((store) => {
        cancel();
        resolve(store);
      });
    });

  return {
    get backend() {
      return opened?.backend ?? withBackend(memory, "The system's keychain has not answered yet: until then secrets are kept in memory only.").backend;
    },
    async get(name) {
      const known = await memory.get(name);
      if (known !== null) return known;
      return (await (opened ?? wait()))?.get(name) ?? null;
    },
    async set(name, value) {
      if (opened !== null) return opened.set(name, value);
      await memory.set(name, value);
      later((store) => store.set(name, value));
    },
    async forget(name) {
      if (opened !== null) return opened.forget(name);
      await memory.forget(name);
      later((store) => store.forget(name));
    },
  };
}

function withBackend(store: SecretStore, detail: string): SecretStore {
  return {
    get: (name) => store.get(name),
    set: (name, value) => store.set(name, value),
    forget: (name) => store.forget(name),
    backend: { persistent: false, name: "memory", detail },
  };
}
