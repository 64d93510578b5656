import { describeFaults, type Settings, settings } from "../../../shared/settings.ts";
import { migrate } from "./migrations.ts";

export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings; readonly migratedFrom: number | null }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Generous: 32 servers with 32 gateways each fit. A larger file is a mistake, not settings. */
export const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;

export function validateSettings(value: unknown): ParsedSettings {
  const migrated = migrate(value);
  if (!migrated.ok) return { ok: false, faults: [migrated.fault] };
  const parsed = settings.safeParse(migrated.value);
  if (!parsed.success) return { ok: false, faults: describeFaults(parsed.error) };
  return { ok: true, settings: parsed.data, migratedFrom: migrated.from === parsed.data.version ? null : migrated.from };
}

/** Reads the text of a settings file, also one that another Gatelight exported. Never throws. */
export function parseSettings(text: string): ParsedSettings {
  if (text.length > MAX_SETTINGS_BYTES) return { ok: false, faults: [`settings: larger than ${MAX_SETTINGS_BYTES} bytes`] };
  let value: unknown;
  try {
    // A byte order mark is what Windows' Notepad leaves behind.
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    return { ok: false, faults: [`settings: no valid JSON (${error instanceof Error ? error.message.replace(/\s+/g, " ").slice(0, 200) : "unreadable"})`] };
  }
  return validateSettings(value);
}

/** The file's text, also what "export settings" gives: the schema has no place for a secret. */
export function settingsText(value: Settings): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
