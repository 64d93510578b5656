import { apply, diff } from "../../shared/patch.ts";
import type { SnapshotStore } from "../../shared/rpc.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import type { Clock } from "./clock.ts";

/** Holds the one snapshot. Changes are published at most every `intervalMs` (the first at once), each with the next revision. */
export interface OwnedSnapshotStore extends SnapshotStore {
  /** The newest state, published or about to be. */
  set(next: Omit<Snapshot, "revision">): void;
  /** Publishes what waits, now. */
  flush(): void;
  dispose(): void;
}

export function createSnapshotStore(first: Omit<Snapshot, "revision">, clock: Clock, intervalMs = 100): OwnedSnapshotStore {
  let current: Snapshot = { ...first, revision: 1 };
  let pending: Omit<Snapshot, "revision"> | null = null;
  let publishedAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;
  let disposed = false;
  const listeners = new Set<(snapshot: Snapshot) => void>();

  const flush = (): void => {
    cancel?.();
    cancel = null;
    if (pending === null || disposed) return;
    const next = { ...pending, revision: current.revision };
    pending = null;
    const ops = diff(current, next);
    if (ops.length === 0) return;
    publishedAt = clock.now();
    // Patched rather than replaced: what did not change stays the same object for every view.
    current = apply(current, [...ops, { path: ["revision"], set: current.revision + 1 }]) as Snapshot;
    for (const listener of [...listeners]) listener(current);
  };
  return {
    get current() {
      return current;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(next) {
      if (disposed) return;
      pending = next;
      if (cancel !== null) return;
      const wait = publishedAt + intervalMs - clock.now();
      // A clock that was set back must not hold the state up.
      if (wait <= 0 || wait > intervalMs) flush();
      else
        cancel = clock.after(wait, () => {
          cancel = null;
          flush();
        });
    },
    flush,
    dispose() {
      disposed = true;
      cancel?.();
      cancel = null;
      listeners.clear();
    },
  };
}
