import pino from "pino";
import { type RedactOptions, redact, redactValue } from "./redact.ts";
import { createRotatingFile } from "./rotating-file.ts";

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

/** One sentence, and the facts beside it. Both are redacted before they are written. */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** The same log with the room's name on each line. */
  child(room: string): Log;
}

export interface LogFile extends Log {
  /** From now on this value never shows in any line. To be called with every secret that a person types or a keychain gives. */
  hide(secret: string): void;
  /** Takes every hidden value out of a text that is about to leave, whatever it was made of. */
  scrub(text: string): string;
  /** Newest lines as written: one JSON object each, oldest first. */
  tail(lines: number): string[];
  readonly file: string | null;
  readonly lost: number;
  dispose(): void;
}

export interface LogOptions {
  /** `null`: nothing is written (tests). */
  readonly file: string | null;
  readonly level?: LogLevel;
  /** Also shown there, one readable line each, e.g. standard error of the command line. */
  readonly echo?: (line: string) => void;
  readonly users?: readonly string[];
  readonly maxBytes?: number;
  readonly keep?: number;
}

const MAX_HIDDEN = 200;

/**
 * pino in this process (no worker, no transport: one bundled file must do), into a rotating file of 5 × 1 MiB, mode 0600.
 * Each line is redacted as a value before it becomes text, so that no quoting can hide a secret.
 */
export function createLog(options: LogOptions): LogFile {
  const target = options.file === null ? null : createRotatingFile({ file: options.file, maxBytes: options.maxBytes, keep: options.keep });
  const secrets: string[] = [];
  const redaction: RedactOptions = { secrets, users: options.users ?? [] };
  const stream = {
    write(line: string) {
      const clean = `${JSON.stringify(redactValue(JSON.parse(line), redaction))}\n`;
      target?.write(clean);
      options.echo?.(readableLine(clean));
    },
  };
  const root = pino(
    {
      level: options.level ?? "info",
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: plainError, err: plainError },
    },
    stream,
  );
  const wrap = (logger: pino.Logger): Log => ({
    error: (message, fields) => logger.error(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    child: (room) => wrap(logger.child({ room })),
  });
  return {
    ...wrap(root),
    file: options.file,
    hide(secret) {
      if (secret.length < 4 || secrets.includes(secret)) return;
      secrets.push(secret);
      if (secrets.length > MAX_HIDDEN) secrets.shift();
    },
    scrub: (text) => redact(text, { ...redaction, showNames: true }),
    tail: (lines) => target?.tail(lines) ?? [],
    get lost() {
      return target?.lost ?? 0;
    },
    dispose: () => target?.dispose(),
  };
}

/** Name, message, code and stack: what errors of ssh2 carry beside them (packets, keys) stays out. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return {
    name: error.name,
    message: error.message,
    ...("code" in error && (typeof error.code === "string" || typeof error.code === "number") ? { code: error.code } : {}),
    stack: error.stack
      ?.split("\n")
      .slice(1, 8)
      .map((line) => line.trim()),
  };
}

/** A line of the log as people read it: time, level, room, sentence, then the facts. What is no JSON is given back as it is. */
export function readableLine(line: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return line.trimEnd();
  }
  if (typeof value !== "object" || value === null) return line.trimEnd();
  const { time, level, room, msg, ...fields } = { time: "", level: "", room: "", msg: "", ...value };
  const facts = Object.entries(fields).map(([key, item]) => `${key}=${typeof item === "string" ? item : JSON.stringify(item)}`);
  return [time, String(level).toUpperCase().padEnd(5), room === "" ? "" : `[${room}]`, msg, ...facts].filter((part) => part !== "").join(" ");
}
