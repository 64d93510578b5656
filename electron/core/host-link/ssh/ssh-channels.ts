import type { Duplex } from "node:stream";
import type { Clock } from "../../clock.ts";
import { BoundedText, DEFAULT_MAX_BYTES } from "../bounded-text.ts";
import {
  type CallOptions,
  ExecError,
  type ExecOptions,
  type ExecResult,
  type HostAddress,
  type LineStream,
  type StreamEnd,
  type StreamOptions,
} from "../host-link.ts";
import { isNotFound } from "../is-not-found.ts";
import { LineSplitter } from "../line-splitter.ts";
import { quoteArgv } from "../quote-argv.ts";
import { settle } from "../settle.ts";
import { endProgram } from "./end-program.ts";
import { type Carrier, execLinkDown, linkDown, openDirectTcpip, openExec, type ProgramEnd, type StartedProgram, seconds } from "./open-channel.ts";

/** Everything that runs over one living connection. `lose` ends it all at once and tells each user why. */
export class SshChannels {
  readonly #carrier: Carrier;
  readonly #clock: Clock;
  readonly #open = new Set<{ lose(): void }>();
  #lost = false;

  constructor(carrier: Carrier, clock: Clock) {
    this.#carrier = carrier;
    this.#clock = clock;
  }

  async dial(address: HostAddress, options: CallOptions): Promise<Duplex> {
    const where = `${address.host}:${address.port}`;
    if (this.#lost) throw linkDown(where);
    const waiting = this.#waiting(options.signal);
    try {
      const duplex = await openDirectTcpip(this.#carrier, this.#clock, address, { ...options, signal: waiting.signal }).catch((error: unknown) => {
        throw this.#lost ? linkDown(where) : error;
      });
      const entry = { lose: () => void duplex.destroy() };
      this.#open.add(entry);
      duplex.once("close", () => this.#open.delete(entry));
      if (this.#lost) {
        duplex.destroy();
        throw linkDown(where);
      }
      return duplex;
    } finally {
      waiting.end();
    }
  }

  async exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const program = argv[0] ?? "";
    const until = this.#clock.now() + options.deadlineMs;
    const started = await this.#start(argv, options);
    const { channel } = started;
    return settle<ExecResult>(
      {
        clock: this.#clock,
        deadlineMs: until - this.#clock.now(),
        signal: options.signal,
        onTimeout: () => {
          endProgram(channel);
          return new ExecError("timeout", `${program} did not end within ${seconds(options.deadlineMs)}.`);
        },
        onAbort: () => {
          endProgram(channel);
          return new ExecError("aborted", `${program} was given up.`);
        },
      },
      (resolve, reject) => {
        const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
        const stdout = new BoundedText(maxBytes);
        const stderr = new BoundedText(maxBytes);
        this.#follow(started, (exit) => {
          if (exit === "lost") return reject(execLinkDown(program));
          const result = { ...exit, stdout: stdout.toString(), stderr: stderr.toString(), truncated: stdout.truncated || stderr.truncated };
          if (isNotFound(program, result)) return reject(new ExecError("not-found", `There is no program ${program} on the server.`));
          resolve(result);
        });
        channel.on("data", (chunk: Buffer) => stdout.push(chunk));
        channel.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
        // The program may have ended already; writing then would be an error.
        if (channel.writable) channel.end(options.stdin ?? "");
      },
    );
  }

  async stream(argv: readonly string[], options: StreamOptions): Promise<LineStream> {
    const started = await this.#start(argv, options);
    const { channel } = started;
    const stdout = new LineSplitter((line) => options.onLine(line, "stdout"));
    const stderr = new LineSplitter((line) => options.onLine(line, "stderr"));
    let done = false;
    const end = (reason: StreamEnd) => {
      if (done) return;
      done = true;
      if (reason.reason !== "closed") {
        stdout.end();
        stderr.end();
      }
      options.onEnd(reason);
    };
    channel.on("data", (chunk: Buffer) => done || stdout.push(chunk));
    channel.stderr.on("data", (chunk: Buffer) => done || stderr.push(chunk));
    this.#follow(started, (exit) => end(exit === "lost" ? { code: null, reason: "link-lost" } : { code: exit.code, reason: "exit" }));
    return {
      write: (line) => {
        if (!done && channel.writable) channel.write(`${line}\n`);
      },
      close: () => {
        if (done) return;
        end({ code: null, reason: "closed" });
        endProgram(channel);
      },
    };
  }

  /** The connection is gone: every call in flight fails with `link-down`, every stream ends with `link-lost`, every Duplex closes. */
  lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    for (const entry of [...this.#open]) entry.lose();
    this.#open.clear();
  }

  async #start(argv: readonly string[], options: CallOptions): Promise<StartedProgram> {
    const program = argv[0] ?? "";
    const command = quoteArgv(argv);
    if (this.#lost) throw execLinkDown(program);
    const waiting = this.#waiting(options.signal);
    try {
      return await openExec(this.#carrier.client, this.#clock, command, program, { ...options, signal: waiting.signal });
    } catch (error) {
      throw this.#lost ? execLinkDown(program) : error;
    } finally {
      waiting.end();
    }
  }

  /** A signal that also aborts when the link is lost. */
  #waiting(signal: AbortSignal | undefined): { signal: AbortSignal; end: () => void } {
    const lost = new AbortController();
    const entry = { lose: () => lost.abort() };
    this.#open.add(entry);
    return { signal: signal ? AbortSignal.any([signal, lost.signal]) : lost.signal, end: () => this.#open.delete(entry) };
  }

  /** Calls back once, at the program's end or the link's. */
  #follow(started: StartedProgram, done: (end: ProgramEnd | "lost") => void): void {
    let over = false;
    const finish = (end: ProgramEnd | "lost") => {
      if (over) return;
      over = true;
      this.#open.delete(entry);
      done(end);
    };
    const entry = { lose: () => finish("lost") };
    this.#open.add(entry);
    started.onEnd(finish);
    if (this.#lost) finish("lost");
  }
}
