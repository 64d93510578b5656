import { spawn } from "node:child_process";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import {
  DialError,
  ExecError,
  type ExecResult,
  type HostLink,
  type LineStream,
  type LinkState,
  type StreamEnd,
} from "../../electron/core/host-link/host-link.ts";

/** A HostLink onto this machine for tests of what stands above it: real programs, real sockets, a switch for the link itself. */
export interface StandInLink extends HostLink {
  readonly spawned: readonly (readonly string[])[];
  setState(state: LinkState): void;
  /** Ends everything that runs, as a lost connection would. */
  drop(): void;
}

/** @param env what the programs see beside this process' own environment */
export function createStandInLink(env: Record<string, string> = {}): StandInLink {
  let state: LinkState = { kind: "up", since: Date.now(), latencyMs: 0 };
  const listeners = new Set<(state: LinkState) => void>();
  const spawned: string[][] = [];
  const open = new Set<(reason: StreamEnd["reason"]) => void>();
  const run = (argv: readonly string[]) => {
    if (state.kind !== "up") throw new ExecError("link-down", "the link is down");
    spawned.push([...argv]);
    return spawn(argv[0] ?? "", argv.slice(1), { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  };
  const link: StandInLink = {
    kind: "local",
    spawned,
    get state() {
      return state;
    },
    setState(next) {
      state = next;
      for (const listener of listeners) listener(next);
    },
    drop() {
      for (const end of [...open]) end("link-lost");
    },
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start() {},
    reconnectNow() {},
    hurry: () => () => {},
    quietSince: null,
    ping() {},
    dial: (address, options) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: address.host, port: address.port });
        const timer = setTimeout(() => {
          socket.destroy();
          reject(new DialError("timeout", "timeout"));
        }, options.deadlineMs);
        socket.once("connect", () => {
          clearTimeout(timer);
          resolve(socket);
        });
        socket.once("error", (error: NodeJS.ErrnoException) => {
          clearTimeout(timer);
          reject(new DialError(error.code === "ECONNREFUSED" ? "refused" : "other", error.message));
        });
      }),
    exec: (argv, options) =>
      new Promise<ExecResult>((resolve, reject) => {
        const child = run(argv);
        let stdout = "";
        let stderr = "";
        const timer = setTimeout(() => {
          child.kill("SIGKILL");
          reject(new ExecError("timeout", "timeout"));
        }, options.deadlineMs);
        child.stdout.on("data", (data: Buffer) => {
          stdout += data.toString();
        });
        child.stderr.on("data", (data: Buffer) => {
          stderr += data.toString();
        });
        child.once("error", (error) => {
          clearTimeout(timer);
          reject(new ExecError("not-found", error.message));
        });
        child.once("close", (code, signal) => {
          clearTimeout(timer);
          resolve({ code, signal, stdout, stderr, truncated: false });
        });
        child.stdin.on("error", () => {});
        child.stdin.end(options.stdin ?? "");
      }),
    stream: (argv, options) =>
      new Promise<LineStream>((resolve, reject) => {
        const child = run(argv);
        let over = false;
        const end = (reason: StreamEnd["reason"], code: number | null = null) => {
          if (over) return;
          over = true;
          open.delete(end);
          child.stdin.end();
          child.kill("SIGTERM");
          options.onEnd({ code, reason });
        };
        open.add(end);
        child.once("error", (error) => {
          over = true;
          open.delete(end);
          reject(new ExecError("not-found", error.message));
        });
        for (const source of ["stdout", "stderr"] as const) {
          createInterface({ input: child[source] }).on("line", (line) => {
            if (!over) options.onLine(line, source);
          });
        }
        child.stdin.on("error", () => {});
        child.once("close", (code) => end("exit", code));
        child.once("spawn", () =>
          resolve({
            write: (line) => {
              if (!over) child.stdin.write(`${line}\n`);
            },
            close: () => end("closed"),
          }),
        );
      }),
    async dispose() {
      for (const end of [...open]) end("closed");
    },
  };
  return link;
}
