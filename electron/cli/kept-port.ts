import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a person allowed in the browser belongs to the address: the same port again keeps it. */
export interface KeptPort {
  /** 0: none, or not readable. */
  readonly port: number;
  /** A port that cannot be kept is a new one next time, no more. */
  keep(port: number): void;
}

export function keptPort(dataDir: string): KeptPort {
  const file = join(dataDir, "serve-port");
  let port = 0;
  try {
    const text = readFileSync(file, "utf8").trim();
    if (/^\d{4,5}$/.test(text) && Number(text) >= 1024 && Number(text) <= 65_535) port = Number(text);
  } catch {
    // Not kept yet.
  }
  return {
    port,
    keep(next) {
      if (next === port) return;
      try {
        writeFileSync(file, `${next}\n`, { mode: 0o600 });
      } catch {
        // A full or read-only disk is told by what needs it.
      }
    },
  };
}
