import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Notice } from "../../../shared/snapshot.ts";
import type { HistoryOptions, OpenedHistory } from "./history.ts";
import { applyRetention } from "./retention.ts";
import { migrate, NewerHistory } from "./schema.ts";
import { SqliteHistory } from "./sqlite-history.ts";

const text = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** SQLite says so of files that are no databases or are broken inside. */
const isDamage = (error: unknown) => /malformed|not a database|corrupt|disk image|quick_check/i.test(text(error));

export async function openDatabase(options: HistoryOptions): Promise<OpenedHistory> {
  const { file, clock } = options;
  const notice = (kind: Notice["kind"], title: string, detail: string): Notice => ({ id: "history", kind, title, detail, at: clock.now() });
  let sqlite: typeof import("node:sqlite");
  try {
    sqlite = await import("node:sqlite");
  } catch (error) {
    return { history: null, notice: notice("warning", "No history is kept", `This version of Node has no SQLite: ${text(error)}`) };
  }
  const open = () => new SqliteHistory(openOnce(sqlite, file, clock.now()), options);
  try {
    return { history: open(), notice: null };
  } catch (error) {
    if (!isDamage(error)) {
      const title = error instanceof NewerHistory ? "The history is left alone" : "No history is kept";
      return { history: null, notice: notice("warning", title, `${file}: ${text(error)}`) };
    }
    try {
      const aside = setAside(file, clock.now());
      const detail = `It could not be read (${text(error)}) and was set aside as ${aside}. A new one was begun.`;
      return { history: open(), notice: notice("warning", "The history was damaged", detail) };
    } catch (second) {
      return { history: null, notice: notice("error", "No history is kept", `${file} is damaged and could not be replaced: ${text(second)}`) };
    }
  }
}

/** @throws Error when the file is damaged, held by another process, or from a newer version */
function openOnce(sqlite: typeof import("node:sqlite"), file: string, now: number): DatabaseSync {
  if (file !== ":memory:") {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // Amounts are in it: for this user only.
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
  }
  const db = new sqlite.DatabaseSync(file);
  try {
    // One writer: the lock is kept, so a second process is refused at once instead of mixing its curve into ours.
    db.exec("PRAGMA busy_timeout = 1000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    const check = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (check !== "ok") throw new Error(`quick_check: ${String(check)}`);
    migrate(db);
    applyRetention(db, now);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** @returns the new name of the damaged file; nothing is deleted */
function setAside(file: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]/g, "").slice(0, 15);
  let aside = `${file}.damaged-${stamp}`;
  for (let i = 1; existsSync(aside); i++) aside = `${file}.damaged-${stamp}-${i}`;
  renameSync(file, aside);
  for (const end of ["-wal", "-shm"]) if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${aside}${end}`);
  return aside;
}
