import { SETTINGS_VERSION } from "../../../shared/settings.ts";

type Raw = Readonly<Record<string, unknown>>;
/** `[n]` makes version n + 1 of version n. Each is tested with a file as that version wrote it. */
export type Migrations = Readonly<Record<number, (raw: Raw) => Raw>>;

/** Version 1 is the first. */
const MIGRATIONS: Migrations = {};

export type Migrated = { readonly ok: true; readonly value: unknown; readonly from: number } | { readonly ok: false; readonly fault: string };

/** Brings the parsed file to the newest version, a step at a time. What is no object is left for the schema to refuse. */
export function migrate(raw: unknown, table: Migrations = MIGRATIONS, newest: number = SETTINGS_VERSION): Migrated {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return { ok: false, fault: "settings: must be an object" };
  let value: Raw = { ...raw };
  const from = value.version;
  if (typeof from !== "number" || !Number.isInteger(from) || from < 1) return { ok: false, fault: "version: must be a whole number from 1" };
  if (from > newest) return { ok: false, fault: `version: ${from} was written by a newer Gatelight; this one reads up to ${newest}` };
  for (let version = from; version < newest; version++) {
    const step = table[version];
    if (step === undefined) return { ok: false, fault: `version: no way from ${version} to ${version + 1}` };
    value = { ...step(value), version: version + 1 };
  }
  return { ok: true, value, from };
}
