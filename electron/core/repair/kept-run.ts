import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CAUSES, LIGHTS, REPAIRS } from "../../../shared/words.ts";
import type { Clock } from "../clock.ts";

/**
 * What is kept of a repair on disk while it runs, so that it can be followed to its end though Gatelight was killed or quit meanwhile. Commands stand
 * in it only as they are shown; nothing that is read from here is ever run.
 */
const title = z.string().max(500);
const shown = z.string().max(20_000);
const keptStep = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("exec"),
    title,
    shown,
    deadlineMs: z.number(),
    okCodes: z.array(z.number()).readonly().optional(),
    codes: z.record(z.string(), z.string()).readonly().optional(),
    answer: z.literal("ibc").optional(),
    mayFail: z.string().optional(),
  }),
  z.object({
    kind: z.literal("await"),
    title,
    condition: z.enum(["stopped", "relay-listens", "screen-listens", "logged-in", "cured"]),
    deadlineMs: z.number(),
  }),
  z.object({ kind: z.enum(["mcp", "session"]), title, shown }),
]);
/** A step as far as it can be followed. */
export type KeptStep = z.output<typeof keptStep>;

const keptRun = z.object({
  server: z.string(),
  gateway: z.string(),
  /** Of the Gatelight that follows it. */
  pid: z.number().int(),
  keptAt: z.number(),
  who: z.string(),
  run: z.object({
    id: z.uuid(),
    repair: z.enum(REPAIRS),
    title,
    startedAt: z.number(),
    expectedSeconds: z.number(),
    steps: z
      .array(z.object({ title, state: z.enum(["waiting", "running", "done", "failed", "skipped"]), detail: z.string() }))
      .max(50)
      .readonly(),
  }),
  /** The step that runs. */
  at: z.number().int().min(0),
  steps: z.array(keptStep).max(50).readonly(),
  baseline: z.object({
    at: z.number(),
    causeId: z.enum(CAUSES).nullable(),
    light: z.enum(LIGHTS),
    startedAt: z.number().nullable(),
    containerId: z.string().nullable(),
  }),
});
export type KeptRun = z.output<typeof keptRun>;
export type Keeping = Omit<KeptRun, "server" | "gateway" | "pid" | "keptAt">;

/** The kept repairs of one gateway. */
export interface KeptRuns {
  put(run: Keeping): void;
  drop(id: string): void;
  /** The oldest that nobody follows; `null`: none. */
  orphan(): KeptRun | null;
}

export interface KeptRunsPorts {
  readonly clock: Clock;
  readonly dir: string;
  readonly log: (message: string) => void;
  readonly pid: number;
  readonly alive: (pid: number) => boolean;
}

/** A step writes anew; none lasts longer (ms). After that a living process with this id is another program. */
const FOLLOWED_MS = 30 * 60_000;
/** What a repair did is of no interest later (ms). */
const TOO_OLD_MS = 7 * 86_400_000;
const ID = /^[0-9a-f-]{36}\.json$/;

/** One file a repair, so that two Gatelights on one folder (window and command line) do not overwrite each other's. */
export function createKeptRuns(ports: KeptRunsPorts): (server: string, gateway: string) => KeptRuns {
  const { clock, dir, log } = ports;
  const fileOf = (id: string) => join(dir, `${id}.json`);
  const attempt = (what: string, act: () => void) => {
    try {
      act();
    } catch (error) {
      log(`${what}: ${String(error).slice(0, 300)}`);
    }
  };
  const drop = (id: string) => attempt("a repair's record could not be removed", () => rmSync(fileOf(id), { force: true }));
  const followed = (kept: KeptRun) => kept.pid !== ports.pid && clock.now() - kept.keptAt < FOLLOWED_MS && ports.alive(kept.pid);

  return (server, gateway) => ({
    put: (run) =>
      attempt("a repair's progress could not be kept", () => {
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        const kept = keptRun.parse({ ...run, server, gateway, pid: ports.pid, keptAt: clock.now() });
        writeFileSync(`${fileOf(run.run.id)}.new`, JSON.stringify(kept), { mode: 0o600 });
        renameSync(`${fileOf(run.run.id)}.new`, fileOf(run.run.id));
      }),
    drop,
    orphan() {
      const found: KeptRun[] = [];
      for (const name of listed(dir, log)) {
        const kept = readKept(join(dir, name), log);
        const id = name.slice(0, -".json".length);
        if (kept === null || kept.run.id !== id || clock.now() - kept.keptAt > TOO_OLD_MS) drop(id);
        else if (kept.server === server && kept.gateway === gateway && !followed(kept)) found.push(kept);
      }
      return found.sort((a, b) => a.run.startedAt - b.run.startedAt)[0] ?? null;
    },
  });
}

function listed(dir: string, log: (message: string) => void): string[] {
  try {
    return readdirSync(dir).filter((name) => ID.test(name));
  } catch (error) {
    if (!isMissing(error)) log(`kept repairs could not be listed: ${String(error)}`);
    return [];
  }
}

function readKept(file: string, log: (message: string) => void): KeptRun | null {
  try {
    return keptRun.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (!isMissing(error)) log(`a kept repair could not be read: ${String(error).slice(0, 300)}`);
    return null;
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

/** Signal 0 asks without touching; EPERM means that it lives under another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
