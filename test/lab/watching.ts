import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { doctorReport } from "../../electron/core/report/report-schema.ts";
import type { Settings } from "../../shared/settings.ts";
import type { RepairPlan } from "../../shared/snapshot.ts";
import { Daemon, run, until } from "./processes.ts";

const CLI = resolve(import.meta.dirname, "../../dist/cli.js");
const ENV = { HOME: "/nonexistent" };

export interface Seen {
  readonly at: number;
  readonly gateway: string;
  readonly light: string;
  readonly from: string | null;
  readonly to: string;
  readonly cause: string | null;
}

/** A data folder with these settings. */
export function dataDir(folder: string, name: string, settings: Settings): string {
  const dir = join(folder, name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, "settings.json"), JSON.stringify(settings));
  return dir;
}

export interface DoctorOptions {
  readonly deadlineS?: number;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly words?: readonly string[] | undefined;
}

/** `gatelight doctor --json`. */
export async function doctor(dir: string, { deadlineS = 20, env, words = [] }: DoctorOptions = {}) {
  const ran = await run([process.execPath, CLI, "doctor", "--json", "--deadline", String(deadlineS), "--data-dir", dir, ...words], {
    env: { ...ENV, ...env },
    mayFail: true,
    deadlineMs: (deadlineS + 30) * 1_000,
  });
  if (ran.stdout === "") throw new Error(`doctor said nothing: ${ran.stderr}`);
  const report = doctorReport.parse(JSON.parse(ran.stdout));
  return { code: ran.code, report, paper: report.servers[0]?.gateways.find((gateway) => gateway.id === "paper") ?? null, stdout: ran.stdout };
}

/** `gatelight repair ID --yes --confirm-name Paper --json`, asked of the Gatelight that runs on this data folder. */
export async function repair(dir: string, id: string): Promise<{ code: number; outcome: string; verdict: string; text: string }> {
  const ran = await run([process.execPath, CLI, "repair", id, "--gateway", "paper", "--yes", "--confirm-name", "Paper", "--json", "--data-dir", dir], {
    env: ENV,
    mayFail: true,
    deadlineMs: 240_000,
  });
  const line: unknown = ran.stdout === "" ? null : JSON.parse(ran.stdout);
  const found = typeof line === "object" && line !== null && "run" in line ? (line.run as { outcome: string; verdict: string | null }) : null;
  return { code: ran.code, outcome: found?.outcome ?? "not run", verdict: found?.verdict ?? "", text: `${ran.stdout}\n${ran.stderr}` };
}

/** `gatelight repair ID --json`: what it would do. */
export async function plan(dir: string, id: string): Promise<RepairPlan> {
  const ran = await run([process.execPath, CLI, "repair", id, "--gateway", "paper", "--json", "--data-dir", dir], { env: ENV, mayFail: true });
  return (JSON.parse(ran.stdout) as { plan: RepairPlan }).plan;
}

/** Gatelight as a person has it running, with `gatelight watch --json` beside it. */
export class Watching {
  readonly dir: string;
  readonly seen: Seen[] = [];
  private app: Daemon | null = null;
  private watch: Daemon | null = null;
  private rest = "";

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Begins, or begins anew with nothing remembered of restarts and failures before. */
  async start(): Promise<void> {
    await this.end();
    // The hour's dials too: what befalls a gateway in a month is played here in that hour.
    rmSync(join(this.dir, "dials"), { recursive: true, force: true });
    this.seen.length = 0;
    this.rest = "";
    const app = new Daemon([process.execPath, CLI, "serve", "--no-open", "--json", "--data-dir", this.dir], ENV);
    this.app = app;
    await until(
      () => app.output.includes('"url"'),
      60_000,
      () => `gatelight serve starts\n${app.output}`,
    );
    this.watch = new Daemon([process.execPath, CLI, "watch", "--json", "--data-dir", this.dir], ENV);
    this.watch.child.stdout?.on("data", (chunk: Buffer) => this.take(chunk.toString()));
  }

  /** Where its window is; good for one visit. */
  url(): string {
    const line = this.app?.output.split("\n").find((text) => text.includes('"url"')) ?? "{}";
    return String((JSON.parse(line) as { url?: string }).url);
  }

  /** The state of a light as last told. */
  light(name: string, gateway = "paper"): string | null {
    return this.seen.findLast((line) => line.gateway === gateway && line.light === name)?.to ?? null;
  }
  cause(gateway = "paper"): string | null {
    return this.seen.findLast((line) => line.gateway === gateway)?.cause ?? null;
  }

  /** Everything is green, and has been told so. */
  async green(deadlineMs = 120_000): Promise<void> {
    await until(
      () => this.light("gateway") === "up" && ["screen", "mcp", "account"].every((name) => this.light(name) === "up"),
      deadlineMs,
      () => `all is up\n${this.story(12)}`,
    );
  }

  /** Programs can use it. */
  async usable(deadlineMs: number): Promise<void> {
    await until(
      () => ["api", "broker", "account"].every((name) => this.light(name) === "up"),
      deadlineMs,
      () => `the API is up\n${this.story(12)}`,
    );
  }

  /** The first line from `since` on that answers. */
  first(since: number, match: (line: Seen) => boolean, deadlineMs: number, what: string): Promise<Seen> {
    return until(
      () => this.seen.find((line) => line.at >= since && line.gateway === "paper" && match(line)),
      deadlineMs,
      () => `${what}\n${this.story(16)}`,
    );
  }

  /** Every cause that was said of the gateway since then, in the order in which they came. */
  causes(since: number, gateway = "paper"): string[] {
    const said = this.seen.flatMap((line) => (line.at >= since && line.gateway === gateway && line.cause !== null ? [line.cause] : []));
    return [...new Set(said)];
  }

  story(lines: number): string {
    return this.seen
      .slice(-lines)
      .map((line) => `${new Date(line.at).toISOString().slice(11, 23)} ${line.gateway} ${line.light} ${line.from} → ${line.to} ${line.cause ?? ""}`)
      .join("\n");
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.watch?.end();
    await this.app?.end(signal);
  }

  private take(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") continue;
      const { at, ...others } = JSON.parse(line) as Omit<Seen, "at"> & { at: string };
      this.seen.push({ ...others, at: Date.parse(at) });
    }
  }
}
