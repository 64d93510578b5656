import { type FSWatcher, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EMPTY_SETTINGS, type Settings } from "../../../shared/settings.ts";
import type { Notice } from "../../../shared/snapshot.ts";
import type { Clock } from "../clock.ts";
import { writeAtomically } from "./atomic-file.ts";
import { ensureDataDir } from "./data-dir.ts";
import { parseSettings, settingsText, validateSettings } from "./settings-text.ts";

export interface SettingsStore {
  readonly file: string;
  readonly current: Settings;
  /** What the person should know: the file was damaged and kept aside, or an edit from outside is not valid. */
  readonly notice: Notice | null;
  /** Validates, writes, then tells the listeners. Nothing is written unless `faults` is empty; each fault begins with the failing path. */
  save(value: unknown): Promise<{ faults: string[] }>;
  /** Called after every change of the settings or of the notice, also by an edit from outside. @returns an unsubscribe function */
  onChange(listener: (settings: Settings, notice: Notice | null) => void): () => void;
  dispose(): void;
}

export interface SettingsOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  /** `set-aside` (default): a damaged file is copied aside and defaults are used. `throw`: for the command line, which says so and ends. */
  readonly onDamage?: "set-aside" | "throw";
  /** Follow edits from outside. Default true. */
  readonly watch?: boolean;
  /** What must work before new settings are written. @returns faults as `save` gives them; when there are any, nothing is written */
  readonly apply?: (next: Settings, before: Settings) => readonly string[];
}

export class SettingsFault extends Error {
  readonly faults: readonly string[];
  constructor(file: string, faults: readonly string[]) {
    super(`${file}:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.name = "SettingsFault";
    this.faults = faults;
  }
}

const SETTLE_MS = 150;

/**
 * Opens `settings.json` of the data folder. A missing file means defaults, and is not written before the first save.
 * @throws SettingsFault with `onDamage: "throw"` when the file is not valid
 * @throws Error when the folder cannot be made or the file cannot be read for another reason than its absence
 */
export function openSettings(options: SettingsOptions): SettingsStore {
  const { clock } = options;
  const dir = ensureDataDir(options.dataDir);
  const file = join(dir, "settings.json");
  const listeners = new Set<(settings: Settings, notice: Notice | null) => void>();
  let current: Settings = EMPTY_SETTINGS;
  let notice: Notice | null = null;
  let text = readIfThere(file);
  let pending: Promise<unknown> = Promise.resolve();

  if (text !== null) {
    const parsed = parseSettings(text);
    if (parsed.ok) current = parsed.settings;
    else if (options.onDamage === "throw") throw new SettingsFault(file, parsed.faults);
    else notice = damaged(keepAside(dir, text, clock.now()), parsed.faults, clock.now());
  }

  const tell = () => {
    for (const listener of [...listeners]) listener(current, notice);
  };
  const reload = () => {
    const fresh = readIfThere(file);
    // A file that vanished is most likely being replaced; the settings in use stay.
    if (fresh === null || fresh === text) return;
    text = fresh;
    const parsed = parseSettings(fresh);
    if (parsed.ok) {
      current = parsed.settings;
      notice = null;
    } else notice = refusedEdit(parsed.faults, clock.now());
    tell();
  };
  const watcher = options.watch === false ? null : watchFolder(dir, clock, reload);

  const write = async (value: Settings): Promise<{ faults: string[] }> => {
    const next = settingsText(value);
    const refused = options.apply?.(value, current) ?? [];
    if (refused.length > 0) return { faults: [...refused] };
    try {
      await writeAtomically(file, next);
    } catch (error) {
      options.apply?.(current, value);
      return { faults: [`settings: could not be written to ${file} (${error instanceof Error ? error.message : String(error)})`] };
    }
    text = next;
    current = value;
    notice = null;
    tell();
    return { faults: [] };
  };
  return {
    file,
    get current() {
      return current;
    },
    get notice() {
      return notice;
    },
    save(value) {
      const parsed = validateSettings(value);
      if (!parsed.ok) return Promise.resolve({ faults: [...parsed.faults] });
      const done = pending.then(() => write(parsed.settings));
      pending = done;
      return done;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    dispose() {
      watcher?.close();
      listeners.clear();
    },
  };
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Copies the damaged text aside, once for each text. @returns the copy's name */
function keepAside(dir: string, text: string, now: number): string {
  const known = readdirSync(dir).find((name) => /^settings\.damaged-.*\.json$/.test(name) && readIfThere(join(dir, name)) === text);
  if (known !== undefined) return known;
  const stamp = new Date(now).toISOString().replace(/[-:]/g, "").replace(/\..*$/, "");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (let n = 0; ; n++) {
    const name = `settings.damaged-${stamp}${n === 0 ? "" : `-${n}`}.json`;
    try {
      writeFileSync(join(dir, name), text, { mode: 0o600, flag: "wx" });
      return name;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

const listed = (faults: readonly string[]) => `${faults.slice(0, 3).join("; ")}${faults.length > 3 ? `; and ${faults.length - 3} more` : ""}`;

function damaged(copy: string, faults: readonly string[], at: number): Notice {
  return {
    id: "settings-damaged",
    kind: "error",
    title: "The settings file could not be used",
    detail: `${listed(faults)}. It was kept as ${copy}; Gatelight runs with defaults.`,
    at,
  };
}

function refusedEdit(faults: readonly string[], at: number): Notice {
  return {
    id: "settings-edit",
    kind: "warning",
    title: "The edited settings file is not valid",
    detail: `${listed(faults)}. The settings of before stay in use.`,
    at,
  };
}

/** The folder is watched, not the file: a replaced file would take its watch along. */
function watchFolder(dir: string, clock: Clock, run: () => void): { close(): void } {
  let cancel: (() => void) | null = null;
  let watcher: FSWatcher | null = null;
  const stop = () => {
    cancel?.();
    cancel = null;
    watcher?.close();
    watcher = null;
  };
  try {
    watcher = watch(dir, { persistent: false }, (_event, name) => {
      if (name !== null && name !== "settings.json") return;
      cancel?.();
      cancel = clock.after(SETTLE_MS, () => {
        cancel = null;
        try {
          run();
        } catch {
          // Unreadable for the moment (permissions while being replaced): the next event looks again.
        }
      });
    });
    watcher.on("error", stop);
  } catch {
    // No watches left (inotify limit): edits from outside are seen at the next start.
    watcher = null;
  }
  return { close: stop };
}
