import type { SnapshotStore } from "../../shared/rpc.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import type { Clock } from "./clock.ts";
import { shareEqual } from "./share-equal.ts";

type State = Omit<Snapshot, "revision">;

/** Holds the one snapshot. Changes are published at most every `intervalMs` (the first at once), each with the next revision. */
export interface OwnedSnapshotStore extends SnapshotStore {
  /** @param pace `calm`: not for someone who watches figures move (tray, log of changes); absent: for a window */
  subscribe(listener: (snapshot: Snapshot) => void, pace?: "calm"): () => void;
  /** A window follows the state; where none does, figures alone need not be published as they come. */
  readonly watched: boolean;
  /** Called when `watched` changed. @returns an unsubscribe function */
  onWatched(listener: () => void): () => void;
  /** The newest state, published or about to be. A function is asked when it is published, so what is replaced before that is never made. */
  set(next: State | (() => State)): void;
  /** Publishes what waits, now. */
  flush(): void;
  dispose(): void;
}

export function createSnapshotStore(first: State, clock: Clock, intervalMs = 100): OwnedSnapshotStore {
  let current: Snapshot = { ...first, revision: 1 };
  let pending: State | (() => State) | null = null;
  let publishedAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;
  let disposed = false;
  const listeners = new Set<(snapshot: Snapshot) => void>();
  const calm = new Set<(snapshot: Snapshot) => void>();
  const watchers = new Set<() => void>();
  const watched = () => listeners.size > calm.size;
  const changing = (change: () => void): void => {
    const before = watched();
    change();
    if (watched() !== before) for (const listener of [...watchers]) listener();
  };

  const flush = (): void => {
    cancel?.();
    cancel = null;
    if (pending === null || disposed) return;
    const { revision } = current;
    const next = shareEqual(current, { ...(typeof pending === "function" ? pending() : pending), revision });
    pending = null;
    if (next === current) return;
    publishedAt = clock.now();
    current = { ...(next as Snapshot), revision: revision + 1 };
    for (const listener of [...listeners]) listener(current);
  };
  return {
    get current() {
      return current;
    },
    get watched() {
      return watched();
    },
    onWatched(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    subscribe(listener, pace) {
      changing(() => {
        listeners.add(listener);
        if (pace === "calm") calm.add(listener);
      });
      return () =>
        changing(() => {
          listeners.delete(listener);
          calm.delete(listener);
        });
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
      watchers.clear();
      listeners.clear();
    },
  };
}
