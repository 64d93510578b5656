import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export interface RotatingFile {
  write(line: string): void;
  /** Newest lines, oldest first, over the kept files. */
  tail(lines: number): string[];
  /** Lines that could not be written (disk full, folder gone). */
  readonly lost: number;
  dispose(): void;
}

export interface RotatingFileOptions {
  readonly file: string;
  /** Of one file. Default 1 MiB. */
  readonly maxBytes?: number;
  /** How many files are kept, the newest included. Default 5. */
  readonly keep?: number;
}

/** `gatelight.log`, `gatelight.log.1` … */
const numbered = (file: string, n: number) => (n === 0 ? file : `${file}.${n}`);

/**
 * A log that cannot fill the disk. Written synchronously: there are few lines, and the last one before a crash is the one that counts.
 * A failure to write never reaches the caller: it is counted, and the file is opened anew with the next line.
 */
export function createRotatingFile(options: RotatingFileOptions): RotatingFile {
  const { file } = options;
  const maxBytes = options.maxBytes ?? 1024 * 1024;
  const keep = Math.max(1, options.keep ?? 5);
  let handle: number | null = null;
  let size = 0;
  let lost = 0;

  const open = (): number => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const opened = openSync(file, "a", 0o600);
    size = fstatSync(opened).size;
    handle = opened;
    return opened;
  };
  const close = () => {
    if (handle !== null) closeSync(handle);
    handle = null;
  };
  const rotate = () => {
    close();
    rmSync(numbered(file, keep - 1), { force: true });
    for (let n = keep - 2; n >= 0; n--) {
      try {
        renameSync(numbered(file, n), numbered(file, n + 1));
      } catch (error) {
        if (!missing(error)) throw error;
      }
    }
  };
  return {
    write(line) {
      const bytes = Buffer.from(line.endsWith("\n") ? line : `${line}\n`, "utf8");
      try {
        let target = handle ?? open();
        if (size > 0 && size + bytes.length > maxBytes) {
          rotate();
          target = open();
        }
        writeSync(target, bytes);
        size += bytes.length;
      } catch {
        lost += 1;
        try {
          close();
        } catch {
          handle = null;
        }
      }
    },
    tail(count) {
      const lines: string[] = [];
      for (let n = 0; n < keep && lines.length < count; n++) {
        const text = read(numbered(file, n));
        if (text === null) continue;
        lines.unshift(
          ...text
            .split("\n")
            .filter((line) => line !== "")
            .slice(-(count - lines.length)),
        );
      }
      return lines;
    },
    get lost() {
      return lost;
    },
    dispose: close,
  };
}

function missing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (missing(error)) return null;
    throw error;
  }
}
