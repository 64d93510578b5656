import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, systemClock } from "../../clock.ts";
import { BoundedText, DEFAULT_MAX_BYTES } from "../bounded-text.ts";
import {
  type CallOptions,
  DialError,
  type DialReason,
  ExecError,
  type ExecOptions,
  type ExecResult,
  type HostAddress,
  type HostLink,
  type LineStream,
  type LinkState,
  type StreamEnd,
  type StreamOptions,
} from "../host-link.ts";
import { isNotFound } from "../is-not-found.ts";
import { LineSplitter } from "../line-splitter.ts";
import { settle } from "../settle.ts";

export interface LocalLinkOptions {
  readonly clock?: Clock;
}

/** The gateway runs on this machine: the same calls with the same errors, without SSH. */
export function createLocalLink(options: LocalLinkOptions = {}): HostLink {
  return new LocalLink(options.clock ?? systemClock);
}

const DIAL_REASONS: Readonly<Record<string, DialReason>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "name-not-found",
  EAI_AGAIN: "name-not-found",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ETIMEDOUT: "timeout",
  EACCES: "forbidden",
  EPERM: "forbidden",
};
/** How long a program may take to heed SIGTERM. */
const TERM_MS = 2_000;

class LocalLink implements HostLink {
  readonly kind = "local";
  readonly #clock: Clock;
  readonly #listeners = new Set<(state: LinkState) => void>();
  readonly #open = new Set<{ lose(): void }>();
  readonly #running = new Set<ChildProcess>();
  #state: LinkState = { kind: "off" };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): LinkState {
    return this.#state;
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#state.kind === "off") this.#set({ kind: "up", since: this.#clock.now(), latencyMs: 0 });
  }

  /** This machine is always there. */
  reconnectNow(): void {}

  hurry(): () => void {
    return () => {};
  }

  readonly quietSince = null;
  ping(): void {}

  dial(address: HostAddress, options: CallOptions): Promise<Duplex> {
    const where = `${address.host}:${address.port}`;
    if (this.#state.kind !== "up") return Promise.reject(new DialError("link-down", `The link to this machine is off, so ${where} cannot be reached.`));
    const socket = connect({ host: address.host, port: address.port, noDelay: true, allowHalfOpen: true });
    // For life: an error after the connection only leads to `close`.
    socket.on("error", () => {});
    const entry = { lose: () => void socket.destroy() };
    this.#open.add(entry);
    socket.once("close", () => this.#open.delete(entry));
    return settle<Duplex>(
      {
        clock: this.#clock,
        deadlineMs: options.deadlineMs,
        signal: options.signal,
        onTimeout: () => new DialError("timeout", `${where} did not answer within ${options.deadlineMs / 1000} s.`),
        onAbort: () => new DialError("aborted", `Connecting to ${where} was given up.`),
        onLate: (late) => late.destroy(),
      },
      (resolve, reject) => {
        socket.once("connect", () => resolve(socket));
        socket.once("error", (error) => reject(dialError(error, where)));
        socket.once("close", () => reject(new DialError("link-down", `The link to this machine was closed while ${where} was connected.`)));
      },
    ).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
  }

  exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const program = argv[0] ?? "";
    let stop = () => {};
    return settle<ExecResult>(
      {
        clock: this.#clock,
        deadlineMs: options.deadlineMs,
        signal: options.signal,
        onTimeout: () => {
          stop();
          return new ExecError("timeout", `${program} did not end within ${options.deadlineMs / 1000} s.`);
        },
        onAbort: () => {
          stop();
          return new ExecError("aborted", `${program} was given up.`);
        },
      },
      (resolve, reject) => {
        const child = this.#spawn(argv);
        stop = () => this.#stop(child);
        const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
        const stdout = new BoundedText(maxBytes);
        const stderr = new BoundedText(maxBytes);
        child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
        child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
        this.#follow(child, (end) => {
          if (end === "lost") return reject(new ExecError("link-down", `The link to this machine was closed while ${program} ran.`));
          if (end instanceof Error) return reject(execError(end, program));
          const result = { ...end, stdout: stdout.toString(), stderr: stderr.toString(), truncated: stdout.truncated || stderr.truncated };
          if (isNotFound(program, result)) return reject(new ExecError("not-found", `There is no program ${program} on this machine.`));
          resolve(result);
        });
        child.stdin.end(options.stdin ?? "");
      },
    );
  }

  stream(argv: readonly string[], options: StreamOptions): Promise<LineStream> {
    const program = argv[0] ?? "";
    return settle<LineStream>(
      {
        clock: this.#clock,
        deadlineMs: options.deadlineMs,
        signal: options.signal,
        onTimeout: () => new ExecError("timeout", `${program} did not start within ${options.deadlineMs / 1000} s.`),
        onAbort: () => new ExecError("aborted", `Starting ${program} was given up.`),
        onLate: (late) => late.close(),
      },
      (resolve, reject) => {
        const child = this.#spawn(argv, options.apart);
        const stdout = new LineSplitter((line) => options.onLine(line, "stdout"));
        const stderr = new LineSplitter((line) => options.onLine(line, "stderr"));
        let started = false;
        let done = false;
        const finish = (end: StreamEnd) => {
          if (done) return;
          done = true;
          if (end.reason !== "closed") {
            stdout.end();
            stderr.end();
          }
          options.onEnd(end);
        };
        child.stdout.on("data", (chunk: Buffer) => done || stdout.push(chunk));
        child.stderr.on("data", (chunk: Buffer) => done || stderr.push(chunk));
        this.#follow(child, (end) => {
          if (end instanceof Error && !started) return reject(execError(end, program));
          if (end === "lost") return finish({ code: null, reason: "link-lost" });
          finish({ code: end instanceof Error ? null : end.code, reason: "exit" });
        });
        child.once("spawn", () => {
          started = true;
          resolve({
            write: (line) => {
              if (!done && child.stdin.writable) child.stdin.write(`${line}\n`);
            },
            close: () => {
              if (done) return;
              finish({ code: null, reason: "closed" });
              this.#stop(child);
            },
          });
        });
      },
    );
  }

  async dispose(): Promise<void> {
    for (const entry of [...this.#open]) entry.lose();
    this.#open.clear();
    for (const child of this.#running) this.#stop(child);
    this.#set({ kind: "off" });
    this.#listeners.clear();
  }

  #spawn(argv: readonly string[], apart = false) {
    const [program, ...args] = argv;
    if (program === undefined || argv.some((word) => word.includes("\0"))) throw new TypeError("not an argument list that a program can be given");
    if (this.#state.kind !== "up") throw new ExecError("link-down", `The link to this machine is off, so ${program} cannot be run.`);
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true, detached: apart && process.platform !== "win32" });
    // A program that ends without reading its input is no fault.
    child.stdin.on("error", () => {});
    this.#running.add(child);
    return child;
  }

  /** Calls back once: at the program's end, when it cannot be started, or when the link is closed. */
  #follow(child: ChildProcess, done: (end: { code: number | null; signal: string | null } | Error | "lost") => void): void {
    let over = false;
    const finish = (end: Parameters<typeof done>[0]) => {
      if (over) return;
      over = true;
      this.#open.delete(entry);
      done(end);
    };
    const entry = { lose: () => finish("lost") };
    this.#open.add(entry);
    child.once("error", (error) => {
      this.#running.delete(child);
      finish(error);
    });
    child.once("close", (code, signal) => {
      this.#running.delete(child);
      finish({ code, signal });
    });
  }

  #stop(child: ChildProcess): void {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const cancel = this.#clock.after(TERM_MS, () => child.kill("SIGKILL"));
    child.once("exit", cancel);
  }

  #set(state: LinkState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

function dialError(error: NodeJS.ErrnoException, where: string): DialError {
  const code = error.code ?? "";
  return new DialError(DIAL_REASONS[code] ?? "other", `${where} could not be reached: ${code || error.message}.`);
}

function execError(error: NodeJS.ErrnoException, program: string): ExecError {
  if (error.code === "ENOENT") return new ExecError("not-found", `There is no program ${program} on this machine.`);
  if (error.code === "EACCES" || error.code === "EPERM") return new ExecError("forbidden", `${program} may not be run on this machine.`);
  return new ExecError("other", `${program} could not be started: ${error.code ?? error.message}`);
}
