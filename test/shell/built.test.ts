import { execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const DEADLINE_MS = 60_000;
let dir: string;

/** The folder as it is packed: the built files, nothing of node_modules; what the bundle does not hold, it does not find. */
beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "build/build.mjs")], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } });
  dir = mkdtempSync(join(tmpdir(), "gl-built-"));
  for (const folder of ["app/dist", "bin", "home", "tmp"]) mkdirSync(join(dir, folder), { recursive: true });
  for (const name of ["main.js", "preload.cjs", "renderer"]) cpSync(join(ROOT, "dist", name), join(dir, "app/dist", name), { recursive: true });
  cpSync(join(ROOT, "build/tray"), join(dir, "app/build/tray"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(dir, "app/package.json"));
  writeFileSync(join(dir, "bin/gdbus"), '#!/bin/sh\necho "(true,)"\n');
  chmodSync(join(dir, "bin/gdbus"), 0o755);
});
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}
function run(imports: readonly string[], args: readonly string[]): Promise<Ended> {
  const preloads = imports.flatMap((name) => ["--import", join(import.meta.dirname, name)]);
  const child = spawn(process.execPath, [...preloads, join(dir, "app/dist/main.js"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: `${join(dir, "bin")}${delimiter}${process.env.PATH ?? ""}`,
      HOME: join(dir, "home"),
      TMPDIR: join(dir, "tmp"),
      GATELIGHT_VNC_PASSWORD: "hunter22-vnc",
    },
  });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const late = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  return new Promise((resolve) => {
    child.once("close", (code) => {
      clearTimeout(late);
      resolve({ code, output, errors });
    });
  });
}

describe("the built program", () => {
  it("starts alone, turns green on the simulated home, and ends by itself when told to quit", async () => {
    const data = join(dir, "data");
    const { code, output, errors } = await run(["electron-hooks.ts", "built-person.ts"], ["--data-dir", data, "--simulate", "healthy"]);
    const seen = JSON.parse(output.trim().split("\n").at(-1) ?? "null");
    expect(seen, errors).toMatchObject({
      calls: ["lock", "sandbox"],
      schemes: ["app"],
      loaded: ["app://gatelight/index.html"],
      preload: join(dir, "app/dist/preload.cjs"),
      quitDone: true,
      trayGone: true,
      windowsLeft: 0,
      listenersLeft: [],
      notifications: [],
    });
    expect(seen.tooltip).toMatch(/^Gatelight: .*up/);
    expect(existsSync(seen.preload)).toBe(true);
    // Nothing keeps it alive: no timer, no socket, no child.
    expect(code, errors).toBe(0);
    expect(existsSync(join(data, "control.sock"))).toBe(false);
    expect(readdirSync(join(dir, "tmp"))).toEqual([]);
    const log = readFileSync(join(data, "gatelight.log"), "utf8");
    expect(log).toContain("Gatelight starts");
    expect(log).not.toMatch(/"level":"error"|hunter22-vnc/);
  });
  it.each([
    ["--version", /^\d+\.\d+\.\d+\n$/],
    ["--help", /^Usage: gatelight/],
  ])("answers %s without a window", async (word, answer) => {
    const { output } = await run(["electron-hooks.ts"], [word]);
    expect(output).toMatch(answer);
  });
});
