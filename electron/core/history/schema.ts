import type { DatabaseSync } from "node:sqlite";

/** One step a version; never changed once published. Decimals are text: SQLite's numbers are doubles. Times are ms since the epoch. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    server TEXT NOT NULL, gateway TEXT NOT NULL, account TEXT NOT NULL,
    currency TEXT NOT NULL,
    UNIQUE (server, gateway, account)
  ) STRICT;
  CREATE TABLE samples (
    series INTEGER NOT NULL REFERENCES series (id),
    at INTEGER NOT NULL,
    net TEXT NOT NULL,
    daily TEXT,
    PRIMARY KEY (series, at)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE incidents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server TEXT NOT NULL, gateway TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL, ended_at INTEGER,
    title TEXT NOT NULL, detail TEXT NOT NULL, cause TEXT
  ) STRICT;
  CREATE INDEX incidents_by_gateway ON incidents (server, gateway, at);
  `,
];
export const SCHEMA_VERSION = MIGRATIONS.length;

export class NewerHistory extends Error {
  override readonly name = "NewerHistory";
}

/**
 * Brings a database to the newest version.
 * @throws NewerHistory when it was written by a later Gatelight: it is left alone
 */
export function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (version > SCHEMA_VERSION) throw new NewerHistory(`the history was written by a newer Gatelight (version ${version}; this one knows ${SCHEMA_VERSION})`);
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(step);
      db.exec(`PRAGMA user_version = ${index + 1}`);
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  }
}
