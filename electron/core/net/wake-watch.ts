/** Something happened to this computer after which every connection is worth another look: it slept, or its network changed. */
export interface WakeWatch {
  /** @returns an unsubscribe function */
  onWake(listener: (reason: string) => void): () => void;
  dispose(): void;
}

/** One watch out of many. */
export function joinWakes(watches: readonly WakeWatch[]): WakeWatch {
  return {
    onWake(listener) {
      const ends = watches.map((watch) => watch.onWake(listener));
      return () => {
        for (const end of ends) end();
      };
    },
    dispose() {
      for (const watch of watches) watch.dispose();
    },
  };
}

/** The listeners of a watch; polling runs only while there is one. */
export class WakeListeners {
  readonly #listeners = new Set<(reason: string) => void>();
  readonly #begin: () => () => void;
  #end: (() => void) | null = null;

  constructor(begin: () => () => void) {
    this.#begin = begin;
  }

  add(listener: (reason: string) => void): () => void {
    this.#listeners.add(listener);
    this.#end ??= this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.clear();
    };
  }

  tell(reason: string): void {
    for (const listener of [...this.#listeners]) listener(reason);
  }

  clear(): void {
    this.#listeners.clear();
    this.#end?.();
    this.#end = null;
  }
}
