import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AUTOSTART_FILES } from "./desktop-file.ts";

/**
 * Writes or removes the autostart file. Written by a person's wish it takes the place of the other host's; written in passing it leaves that alone.
 * @throws Error when the folder or a file cannot be written
 */
export function applyAutostartFile({ file, text }: { readonly file: string; readonly text: string }, on: boolean, asked: boolean): void {
  const others = Object.values(AUTOSTART_FILES)
    .map((name) => join(dirname(file), name))
    .filter((other) => other !== file);
  if (on && !asked && !existsSync(file) && others.some((other) => existsSync(other))) return;
  for (const other of on ? others : [file, ...others]) rmSync(other, { force: true });
  if (!on || (existsSync(file) && readFileSync(file, "utf8") === text)) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode: 0o644 });
}
