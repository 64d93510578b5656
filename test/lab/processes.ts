import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws Error with its words when it fails and `mayFail` is not set */
export function run(
  argv: readonly string[],
  options: { env?: Readonly<Record<string, string>>; mayFail?: boolean; stdin?: string; deadlineMs?: number } = {},
): Promise<Ran> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { env: { ...process.env, ...options.env }, timeout: options.deadlineMs ?? 60_000, maxBuffer: 1 << 24, encoding: "utf8" },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        if (error === null || options.mayFail === true) resolve({ code, stdout, stderr });
        else reject(new Error(`${argv.join(" ")}: ${stderr.trim() || error.message}`));
      },
    );
    // A program may end before it has read anything.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.stdin ?? "");
  });
}

/** A program that stays, with what it wrote. In a session of its own: the terminal's Ctrl+C is for us, and we end it. */
export class Daemon {
  readonly child: ChildProcess;
  /** The end of what it wrote. */
  output = "";
  private written = 0;

  constructor(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [program = "", ...args] = argv;
    this.child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        const text = chunk.toString();
        this.written += text.length;
        this.output = `${this.output}${text}`.slice(-100_000);
      });
    this.child.on("error", (error) => {
      this.output += error.message;
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }
  /** @returns what gives all that was written from now on */
  listen(): () => string {
    const before = this.written;
    return () => (this.written === before ? "" : this.output.slice(-(this.written - before)));
  }
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it and everything it started, by process id. */
  async end(signal: NodeJS.Signals = "SIGTERM", graceMs = 10_000): Promise<void> {
    if (!this.running) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    const all = signal === "SIGKILL" ? [this.pid, ...descendants(this.pid)] : [this.pid];
    for (const pid of all) kill(pid, signal);
    const late = setTimeout(() => {
      for (const pid of [this.pid, ...descendants(this.pid)]) kill(pid, "SIGKILL");
    }, graceMs);
    await ended;
    clearTimeout(late);
  }
}

export function descendants(pid: number): number[] {
  let children: number[];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    // The process has ended meanwhile.
    return [];
  }
  return children.flatMap((child) => [child, ...descendants(child)]);
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** All of them have come to their end. @throws the first error of those that failed */
export async function allOf(works: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** @throws Error with the words of `what` after the deadline */
export async function until<T>(
  look: () => T | null | false | undefined | Promise<T | null | false | undefined>,
  deadlineMs: number,
  what: () => string,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const asked = Date.now();
    const found = await look();
    if (found !== null && found !== false && found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${deadlineMs / 1_000} s: ${what()}`);
    // Where a program is started for it, it costs what others wait for.
    const rest = Math.min(500, Math.max(50, 4 * (Date.now() - asked)));
    await new Promise((resolve) => setTimeout(resolve, rest));
  }
}
