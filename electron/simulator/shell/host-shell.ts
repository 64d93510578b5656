import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dockerProgram } from "../docker/docker-program.ts";
import type { DockerEngine } from "../docker/engine.ts";
import { printf } from "./container-commands.ts";
import type { Io } from "./io.ts";
import { simpleCommand } from "./words.ts";

export interface HostShellOptions {
  /** Holds `bin/docker` (the shim), `home` and `proc`. */
  readonly dir: string;
  readonly user: string;
  readonly engine: DockerEngine;
}

/** The login shell of the simulated server: simple commands are answered in-process, everything else by a real /bin/sh that sees simulated tables. */
export class HostShell {
  readonly #options: HostShellOptions;
  readonly #children = new Set<ChildProcess>();
  /** For tests: real processes started. */
  spawned = 0;

  constructor(options: HostShellOptions) {
    this.#options = options;
  }

  get environment(): Record<string, string> {
    const { dir, user } = this.#options;
    return {
      PATH: `${join(dir, "bin")}:/usr/local/bin:/usr/bin:/bin`,
      HOME: join(dir, "home"),
      // A server has a /tmp of its own.
      TMPDIR: join(dir, "tmp"),
      GATELIGHT_PROC: join(dir, "proc"),
      USER: user,
      LOGNAME: user,
      SHELL: "/bin/sh",
      LANG: "C.UTF-8",
    };
  }

  run(command: string, io: Io): Promise<number | null> {
    const argv = simpleCommand(command);
    if (argv === null) return this.#spawn(["/bin/sh", "-c", command], io);
    return this.#simple(argv, command, io);
  }

  dispose(): void {
    for (const child of this.#children) this.#kill(child, "SIGKILL");
  }

  async #simple(argv: readonly string[], command: string, io: Io): Promise<number | null> {
    const [path = "", ...args] = argv;
    const name = path.split("/").at(-1) ?? "";
    switch (name) {
      case "docker":
        return dockerProgram(this.#options.engine, args, io);
      case "env": {
        const start = args.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word) && !word.startsWith("-"));
        return start < 0 ? 0 : this.#simple(args.slice(start), command, io);
      }
      case "exec":
        return this.#simple(args, command, io);
      case "sh":
      case "bash":
      case "dash":
        return this.#spawn(["/bin/sh", ...args], io);
      case "true":
      case ":":
        return 0;
      case "false":
        return 1;
      case "echo":
        io.out(`${args.join(" ")}\n`);
        return 0;
      case "printf":
        io.out(printf(args));
        return 0;
      case "uname":
        io.out(args.includes("-a") ? "Linux linuxserver 6.8.0-45-generic #45-Ubuntu SMP x86_64 GNU/Linux\n" : args.includes("-m") ? "x86_64\n" : "Linux\n");
        return 0;
      case "id":
        io.out(
          args.includes("-un")
            ? `${this.#options.user}\n`
            : args.includes("-u")
              ? "1000\n"
              : `uid=1000(${this.#options.user}) gid=1000(${this.#options.user}) groups=1000(${this.#options.user}),999(docker)\n`,
        );
        return 0;
      case "whoami":
        io.out(`${this.#options.user}\n`);
        return 0;
      case "hostname":
        io.out("linuxserver\n");
        return 0;
      case "cat":
        return this.#cat(args, io);
      default:
        // `date`, `command -v docker` and whatever else a shell knows.
        return this.#spawn(["/bin/sh", "-c", command], io);
    }
  }

  async #cat(args: readonly string[], io: Io): Promise<number> {
    let code = 0;
    for (const file of args) {
      const inside = /^\/proc\/(\d+\/net\/(?:tcp|tcp6|netstat|unix))$/.exec(file);
      try {
        if (inside === null) throw new Error("not simulated");
        io.out(await readFile(join(this.#options.dir, "proc", inside[1] ?? ""), "utf8"));
      } catch {
        io.err(`cat: ${file}: No such file or directory\n`);
        code = 1;
      }
    }
    return code;
  }

  #spawn(argv: readonly [string, ...string[]] | readonly string[], io: Io): Promise<number | null> {
    const [program = "/bin/sh", ...args] = argv;
    return new Promise((resolve) => {
      this.spawned += 1;
      // Its own process group, so that what it started ends with it.
      const child = spawn(program, args, { env: this.environment, cwd: this.environment.HOME, stdio: ["pipe", "pipe", "pipe"], detached: true });
      this.#children.add(child);
      child.stdin.on("error", () => undefined);
      child.stdout.on("data", (chunk: Buffer) => io.out(chunk));
      child.stderr.on("data", (chunk: Buffer) => io.err(chunk));
      io.stdin.pipe(child.stdin);
      // As sshd does without a terminal: no signal, but nobody reads or writes any more.
      const hangUp = () => {
        io.stdin.unpipe(child.stdin);
        child.stdin.end();
        child.stdout.destroy();
        child.stderr.destroy();
      };
      if (io.signal.aborted) hangUp();
      io.signal.addEventListener("abort", hangUp, { once: true });
      let settled = false;
      const settle = (code: number | null) => {
        if (settled) return;
        settled = true;
        io.signal.removeEventListener("abort", hangUp);
        io.stdin.unpipe(child.stdin);
        this.#children.delete(child);
        resolve(code);
      };
      child.once("error", () => settle(127));
      child.once("close", (code) => settle(code));
    });
  }

  #kill(child: ChildProcess, signal: NodeJS.Signals): void {
    if (child.pid === undefined || !this.#children.has(child)) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      // ESRCH: it ended by itself in the meantime.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}
