import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Peer, peer } from "./peers.ts";

export const DESKTOP_PEERS = ["Xvfb", "x11vnc", "Xtigervnc", "tigervncpasswd", "xterm", "xdotool"] as const satisfies readonly Peer[];

export interface DesktopOptions {
  readonly kind: "x11vnc" | "tigervnc";
  readonly password?: string;
  /** The size of the desktop; default 800x600. */
  readonly geometry?: string;
  /** Further arguments of the VNC server. */
  readonly args?: readonly string[];
  /** An xterm that writes every key and click it gets to `typed()`. Default true. */
  readonly terminal?: boolean;
}
/** A real X desktop behind a real VNC server on 127.0.0.1. */
export interface Desktop {
  readonly port: number;
  readonly display: string;
  readonly pid: number;
  /** All that the terminal was given: keys, and clicks as xterm reports them. */
  typed(): string;
  /** Where the X server has the pointer. */
  pointer(): { x: number; y: number };
  /** What the VNC server wrote so far. */
  log(): string;
  /** Kills the VNC server only. */
  kill(): Promise<void>;
  /** Starts the VNC server anew at the same port (x11vnc only). @param password absent: as before; `null`: none */
  restart(password?: string | null): Promise<void>;
  /** Stops the VNC server where it stands, or lets it go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** Something is shown. */
  paint(): void;
  /** Shows that picture below the terminal, at x 0, y 530, for good. */
  picture(file: string): void;
  dispose(): Promise<void>;
}

const START_MS = 20_000;

export async function startDesktop(options: DesktopOptions): Promise<Desktop> {
  const folder = mkdtempSync(join(tmpdir(), "gatelight-desktop-"));
  const running: ChildProcess[] = [];
  const run = (name: Peer, args: readonly string[], env: Record<string, string> = {}): ChildProcess => {
    const child = spawn(peer(name), args, {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { ...process.env, HOME: folder, XAUTHORITY: join(folder, "none"), ...env },
    });
    child.stdout?.resume();
    child.stderr?.resume();
    running.push(child);
    return child;
  };
  const dispose = async () => {
    for (const child of running.splice(0).reverse()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    const geometry = options.geometry ?? "800x600";
    const passwordFile = join(folder, "passwd");
    if (options.password !== undefined) writePassword(passwordFile, options.password);
    let display: string;
    let server: ChildProcess;
    let log = "";
    const startServer = (args: readonly string[]): ChildProcess => {
      const child = run(options.kind === "x11vnc" ? "x11vnc" : "Xtigervnc", args);
      for (const output of [child.stdout, child.stderr])
        output?.on("data", (chunk: Buffer) => {
          log = `${log}${chunk.toString("latin1")}`.slice(-100_000);
        });
      return child;
    };
    const x11vncArgs = (secured: boolean) => [
      ...["-display", display, "-localhost", "-rfbport", String(port), "-forever", "-shared", "-noipv6", "-norc", "-desktop", "x11 desk"],
      ...(secured ? ["-rfbauth", passwordFile] : ["-nopw"]),
      ...(options.args ?? []),
    ];
    if (options.kind === "tigervnc") {
      const security = options.password === undefined ? ["-SecurityTypes", "None"] : ["-SecurityTypes", "VncAuth", "-PasswordFile", passwordFile];
      server = startServer([
        ...["-displayfd", "3", "-geometry", geometry, "-depth", "24", "-localhost=1", "-rfbport", String(port), "-nolisten", "tcp"],
        ...["-desktop", "tiger desk", ...security, ...(options.args ?? [])],
      ]);
      display = `:${await displayNumber(server)}`;
    } else {
      display = `:${await displayNumber(run("Xvfb", ["-displayfd", "3", "-screen", "0", `${geometry}x24`, "-nolisten", "tcp"]))}`;
      server = startServer(x11vncArgs(options.password !== undefined));
    }
    const typed = join(folder, "typed");
    writeFileSync(typed, "");
    if (options.terminal !== false) {
      // Raw mode with click reports: tee writes what it reads at once; what is printable is seen on the screen too.
      const script = `printf '\\033[?1000h\\033[44;97mGATELIGHT TEST SCREEN\\033[0m\\r\\n'; stty raw -echo; echo ready >> '${folder}/ready'; tee '${typed}' | stdbuf -o0 tr -dc ' -~'`;
      run("xterm", ["-geometry", "100x30+0+0", "-fa", "Monospace", "-fs", "10", "-e", "sh", "-c", script], { DISPLAY: display });
      await waitUntil("the terminal is ready", () => exists(join(folder, "ready")));
    }
    await waitUntil(`${options.kind} listens`, () => portListens(port));
    return {
      port,
      display,
      get pid() {
        return server.pid ?? -1;
      },
      typed: () => readFileSync(typed, "latin1"),
      pointer() {
        const text = execFileSync(peer("xdotool"), ["getmouselocation"], { env: { ...process.env, DISPLAY: display }, encoding: "utf8" });
        const found = /x:(\d+) y:(\d+)/.exec(text);
        return { x: Number(found?.[1]), y: Number(found?.[2]) };
      },
      log: () => log,
      async kill() {
        running.splice(running.indexOf(server), 1);
        await end(server);
      },
      async restart(password) {
        if (options.kind !== "x11vnc") throw new Error("with Xtigervnc the desktop goes too");
        if (typeof password === "string") writePassword(passwordFile, password);
        server = startServer(x11vncArgs(password === undefined ? options.password !== undefined : password !== null));
        await waitUntil("x11vnc listens again", () => portListens(port));
      },
      signal(name) {
        server.kill(name);
      },
      picture(file) {
        run("display", ["-geometry", "+0+530", file], { DISPLAY: display });
      },
      paint() {
        run("xterm", ["-geometry", "40x10+0+0"], { DISPLAY: display });
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** An empty password: the file is empty, and the server has none to compare with. */
function writePassword(file: string, password: string): void {
  writeFileSync(file, password === "" ? "" : execFileSync(peer("tigervncpasswd"), ["-f"], { input: `${password}\n` }), { mode: 0o600 });
}

/** x11vnc can deadlock in its handler of SIGTERM, so a moment later it is killed for good. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  child.kill("SIGCONT");
  const timer = setTimeout(() => child.kill("SIGKILL"), 500);
  await ended;
  clearTimeout(timer);
}

function displayNumber(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the X server named no display")), START_MS);
    let text = "";
    server.stdio[3]?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.endsWith("\n")) return;
      clearTimeout(timer);
      resolve(Number(text));
    });
    server.once("exit", () => {
      clearTimeout(timer);
      reject(new Error("the X server ended at its start"));
    });
  });
}

/** Looks at /proc/net/tcp instead of connecting: a connection that is dropped counts against a VNC server's limits. */
function portListens(port: number): boolean {
  const wanted = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .some((line) => line.includes(wanted) && line.includes(" 0A "));
}

function exists(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

async function waitUntil(what: string, condition: () => boolean): Promise<void> {
  const until = Date.now() + START_MS;
  while (!condition()) {
    if (Date.now() > until) throw new Error(`not within ${START_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
