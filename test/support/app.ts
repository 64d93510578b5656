import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { z } from "zod";
import { settings as settingsSchema } from "../../shared/settings.ts";
import { shiftedBy } from "./shift-clock.ts";

const SHIFT = resolve(import.meta.dirname, "shift-clock.ts");
const DIST = resolve(import.meta.dirname, "../../dist");
/** Where pictures of the tested window are kept for people to look at. */
export const SHOTS = resolve(import.meta.dirname, "../ui/shots");
const START_MS = 40_000;

/** A throw-away home for the tested programs: HOME, temporary files and a copy of the built app, which a build in between cannot pull away. */
export interface Quarters {
  readonly dir: string;
  readonly cli: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  dispose(): void;
}

/** @throws Error when the app was not built (`npm run build`; `npm test` does it) */
export function makeQuarters(): Quarters {
  if (!existsSync(join(DIST, "renderer/index.html"))) throw new Error("dist/ is missing: npm run build");
  // Short: a Unix socket's path must fit into 107 bytes.
  const dir = mkdtempSync(join(tmpdir(), "gl-ui-"));
  for (const folder of ["home", "tmp", "app"]) mkdirSync(join(dir, folder), { mode: 0o700 });
  cpSync(join(DIST, "cli.js"), join(dir, "app/cli.js"));
  cpSync(join(DIST, "renderer"), join(dir, "app/renderer"), { recursive: true });
  writeFileSync(join(dir, "app/package.json"), '{"type":"module"}\n');
  return {
    dir,
    cli: join(dir, "app/cli.js"),
    env: {
      PATH: process.env.PATH,
      HOME: join(dir, "home"),
      TMPDIR: join(dir, "tmp"),
      LANG: "C.UTF-8",
      GATELIGHT_TEST_STARTED: process.env.GATELIGHT_TEST_STARTED,
      // The simulated server's shell asks the machine for the time.
      GATELIGHT_SIM_CLOCK_OFFSET_MS: String(shiftedBy),
    },
    dispose: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly line: unknown;
  readonly output: () => string;
}

/** Starts a command that prints one line of JSON when it is ready. @throws Error with what it wrote when it ends first, or is too late */
async function startCommand(quarters: Quarters, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const child = spawn(process.execPath, ["--import", SHIFT, quarters.cli, ...args], { env: { ...quarters.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const lines = createInterface({ input: child.stdout });
  const stop = AbortSignal.timeout(START_MS);
  try {
    const [text] = await Promise.race([
      once(lines, "line", { signal: stop }),
      once(child, "exit", { signal: stop }).then(([code]) => {
        throw new Error(`ended with ${code}`);
      }),
    ]);
    return { child, line: JSON.parse(String(text)), output: () => output };
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`gatelight ${args.join(" ")} did not start (${error instanceof Error ? error.message : String(error)}):\n${output}`);
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(late);
}

export interface App {
  readonly url: string;
  readonly token: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** What it wrote to standard error. */
  output(): string;
  /** Text of every file of its data folder, by name. */
  files(): Record<string, string>;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}
export interface AppOptions {
  /** A scenario to begin with; absent: the settings of the data folder. */
  readonly simulate?: string;
  readonly settings?: unknown;
  /** A folder that an app before it used. */
  readonly dataDir?: string;
  /** The usual folder of the quarters' own home. */
  readonly usualFolder?: true;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}
const served = z.strictObject({ url: z.url(), token: z.string(), pid: z.number() });

/** `gatelight serve` as a process of its own. */
export async function startApp(quarters: Quarters, options: AppOptions = {}): Promise<App> {
  const usual = options.usualFolder === true;
  const dataDir = usual ? join(quarters.dir, "home/.config/gatelight") : (options.dataDir ?? mkdtempSync(join(quarters.dir, "data-")));
  if (options.settings !== undefined) writeFileSync(join(dataDir, "settings.json"), JSON.stringify(options.settings), { mode: 0o600 });
  const simulate = options.simulate === undefined ? [] : ["--simulate", options.simulate];
  const args = ["serve", "--no-open", "--json", ...(usual ? [] : ["--data-dir", dataDir]), "--port", String(options.port ?? 0), ...simulate];
  const { child, line, output } = await startCommand(quarters, args, options.env);
  const { url, token, pid } = served.parse(line);
  return {
    url,
    token,
    pid,
    port: Number(new URL(url).port),
    dataDir,
    output,
    files: () =>
      Object.fromEntries(
        readdirSync(dataDir, { withFileTypes: true }).flatMap((file) => (file.isFile() ? [[file.name, readFileSync(join(dataDir, file.name), "latin1")]] : [])),
      ),
    stop: (signal = "SIGTERM") => end(child, signal),
  };
}

const simulated = z.object({
  ssh: z.object({ host: z.string(), port: z.number(), user: z.string(), hostKey: z.string(), identityFile: z.string() }),
  settings: settingsSchema,
  vncPassword: z.string(),
});
export type SimulatedHome = z.output<typeof simulated> & { stop(): Promise<void> };

/** `gatelight simulate` as a process of its own: a home server with its own key, reached like any other. */
export async function startSimulatedHome(quarters: Quarters, scenario: string): Promise<SimulatedHome> {
  const { child, line } = await startCommand(quarters, ["simulate", "--scenario", scenario, "--json"]);
  return { ...simulated.parse(line), stop: () => end(child, "SIGTERM") };
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Everything that went wrong in the page: breaches of the policy, errors in the console, exceptions. */
  readonly faults: string[];
  /** Text and binary frames of its WebSocket, as latin1. */
  readonly sent: string[];
  readonly received: string[];
}
export interface VisitOptions {
  readonly size?: readonly [number, number];
  readonly dark?: boolean;
  /** Pixels of the display for each of the page's; default 1. */
  readonly density?: number;
}

/** A window on the app, its clock at the same quiet hour as the app's. */
export async function visit(browser: Browser, url: string, { size = [1280, 800], dark = false, density = 1 }: VisitOptions = {}): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: size[0], height: size[1] },
    deviceScaleFactor: density,
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    locale: "en-US",
    timezoneId: "America/New_York",
  });
  await context.addInitScript((ahead: number) => {
    const Real = Date;
    class Shifted extends Real {
      constructor(...args: [] | [number | string | Date]) {
        if (args.length === 0) super(Real.now() + ahead);
        else super(args[0]);
      }
      static override now(): number {
        return Real.now() + ahead;
      }
    }
    Object.defineProperty(globalThis, "Date", { value: Shifted, configurable: true, writable: true });
  }, shiftedBy);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  const [sent, received]: [string[], string[]] = [[], []];
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => sent.push(Buffer.from(payload).toString("latin1")));
    socket.on("framereceived", ({ payload }) => received.push(Buffer.from(payload).toString("latin1")));
  });
  await page.goto(url);
  return { page, context, faults, sent, received };
}
