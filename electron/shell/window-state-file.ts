import { readFileSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/report/log.ts";
import { writeAtomically } from "../core/settings/atomic-file.ts";
import { FIRST_STATE, type WindowState, windowState } from "./window-place.ts";

const SETTLE_MS = 500;

export interface WindowStateFile {
  readonly current: WindowState;
  /** Written a moment later, once for many changes. */
  update(change: Partial<WindowState>): void;
  /** Writes what waits. */
  flush(): Promise<void>;
}

/** What the window remembers between starts. A damaged file is no loss: the usual place is taken. */
export function openWindowState(file: string, clock: Clock, log: Log): WindowStateFile {
  let current = read(file);
  let cancel: (() => void) | null = null;
  const write = async () => {
    cancel?.();
    cancel = null;
    try {
      await writeAtomically(file, `${JSON.stringify(current)}\n`);
    } catch (error) {
      log.warn("the window's place could not be kept", { error });
    }
  };
  return {
    get current() {
      return current;
    },
    update(change) {
      current = { ...current, ...change };
      cancel?.();
      cancel = clock.after(SETTLE_MS, () => void write());
    },
    flush: () => (cancel === null ? Promise.resolve() : write()),
  };
}

function read(file: string): WindowState {
  try {
    return windowState.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return FIRST_STATE;
  }
}
