import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doctorReport } from "../../../electron/core/report/report-schema.ts";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { runCli } from "./run-cli.ts";

const CLI = resolve(import.meta.dirname, "../../../dist/cli.js");
const SHIFT = resolve(import.meta.dirname, "../../support/shift-clock.ts");
const WAIT = { timeout: 60_000, interval: 100 };

/** What the server has seen of connections so far. */
const seen = (simulator: Simulator) => {
  const { sshLogins, gateways } = simulator.truth();
  return { sshLogins, connects: Object.values(gateways).map(({ connects }) => connects), most: Object.values(gateways).map(({ maxOpen }) => maxOpen) };
};

describe("where Gatelight runs already", () => {
  let dir: string;
  let data: string;
  let simulator: Simulator;
  const children: ReturnType<typeof start>[] = [];

  function start(...words: string[]) {
    const child = spawn(process.execPath, ["--import", SHIFT, CLI, ...words, "--data-dir", data], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, GATELIGHT_TEST_STARTED: process.env.GATELIGHT_TEST_STARTED },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    return { child, lines };
  }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "gl-shared-"));
    simulator = await startSimulator({ dir, speed: 4, clockOffsetMs: shiftedBy });
    data = join(dir, "data");
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(data, "settings.json"), JSON.stringify(simulator.settings));
  }, 120_000);
  afterAll(async () => {
    for (const { child } of children.reverse()) {
      if (child.exitCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
    await simulator?.dispose();
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it("doctor and watch ask it: the server sees no further SSH or API connection", async () => {
    const app = start("serve", "--no-open", "--json");
    children.push(app);
    await expect.poll(() => app.lines.length, WAIT).toBe(1);
    await expect.poll(() => seen(simulator).connects, WAIT).toEqual([1, 1]);
    const before = seen(simulator);
    expect(before).toEqual({ sshLogins: 1, connects: [1, 1], most: [1, 1] });
    const watch = start("watch", "--json");
    children.push(watch);
    await expect.poll(() => watch.lines.length, WAIT).toBeGreaterThan(0);
    for (let round = 0; round < 2; round++) {
      const run = await runCli(["doctor", "--json", "--deadline", "40", "--data-dir", data]);
      const gateways = doctorReport.parse(JSON.parse(run.stdout)).servers.flatMap((server) => server.gateways);
      expect(gateways.map((gateway) => [gateway.light, gateway.lights.api.state])).toEqual([
        ["up", "up"],
        ["up", "up"],
      ]);
    }
    expect(seen(simulator)).toEqual(before);
    // And each gateway's one dial is all that is kept of them.
    for (const gateway of ["paper", "live"])
      expect(
        readFileSync(join(data, "dials", "home", gateway), "utf8")
          .trim()
          .split("\n"),
      ).toHaveLength(1);
  }, 120_000);

  it("and once it has ended, they look for themselves", async () => {
    const [app] = children;
    const before = seen(simulator);
    if (app === undefined) throw new Error("it was started");
    const ended = once(app.child, "exit");
    app.child.kill("SIGTERM");
    await ended;
    await runCli(["doctor", "--json", "--deadline", "40", "--data-dir", data]);
    const after = seen(simulator);
    expect(after.sshLogins).toBeGreaterThan(before.sshLogins);
    expect(after.most).toEqual([1, 1]);
    const kept = readFileSync(join(data, "dials", "home", "paper"), "utf8");
    expect(
      kept
        .trim()
        .split("\n")
        .filter((line) => line.endsWith(" start")).length,
    ).toBeGreaterThanOrEqual(2);
  }, 120_000);
});
