import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createKeptRuns, isAlive, type Keeping } from "../../../electron/core/repair/kept-run.ts";
import { stepsFor } from "../../../electron/core/repair/steps.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const MIN = 60_000;
let root = "";
let dir = "";
let clock = new FakeClock();
let logged: string[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gatelight-kept-"));
  dir = join(root, "repairs");
  clock = new FakeClock();
  logged = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = (pid = 100, alive: (pid: number) => boolean = () => false) =>
  createKeptRuns({ clock, dir, log: (message) => logged.push(message), pid, alive })("home", "paper");
const planned = stepsFor("restart-container", { docker: "docker", gateway: { container: "gw", mode: "paper" }, container: null, login: null, shared: false });
const steps = planned.ok ? planned.steps : [];
const run = (change: Partial<Keeping["run"]> = {}): Keeping => ({
  who: "window",
  at: 0,
  steps: [...steps],
  baseline: { at: 1, causeId: "gateway-hung", light: "api", startedAt: 2, containerId: "c" },
  run: {
    id: randomUUID(),
    repair: "restart-container",
    title: "Restart the container",
    startedAt: clock.now(),
    expectedSeconds: 180,
    steps: steps.map((step) => ({ title: step.title, state: "waiting" as const, detail: "" })),
    ...change,
  },
});

it("is found by the next Gatelight, with all that following takes and nothing that could be run", () => {
  const kept = run();
  open(100).put(kept);
  expect(open(200).orphan()).toMatchObject({ who: "window", at: 0, pid: 100, run: { id: kept.run.id }, baseline: kept.baseline });
  const file = join(dir, `${kept.run.id}.json`);
  expect(readFileSync(file, "utf8")).not.toContain("argv");
  expect([statSync(file).mode & 0o777, statSync(dir).mode & 0o777]).toEqual([0o600, 0o700]);
  open(200).drop(kept.run.id);
  expect(open(200).orphan()).toBeNull();
  expect(readdirSync(dir)).toEqual([]);
});
it("is left to a Gatelight that lives, as long as a step may take", async () => {
  open(100).put(run());
  const other = open(200, (pid) => pid === 100);
  expect(other.orphan()).toBeNull();
  await clock.advance(31 * MIN);
  expect(other.orphan()).not.toBeNull();
});
it("is nobody else's: another gateway's, another server's", () => {
  open(100).put(run());
  const all = createKeptRuns({ clock, dir, log: () => undefined, pid: 200, alive: () => false });
  expect(all("home", "live").orphan()).toBeNull();
  expect(all("away", "paper").orphan()).toBeNull();
});
it("comes in the order of the beginnings", async () => {
  const later = run({ startedAt: 20 });
  const first = run({ startedAt: 10 });
  open(100).put(later);
  open(100).put(first);
  expect(open(200).orphan()?.run.id).toBe(first.run.id);
});
it("is forgotten after a week, and when it is damaged or not what its name says", async () => {
  const old = run();
  open(100).put(old);
  await clock.advance(8 * 24 * 60 * MIN);
  expect(open(200).orphan()).toBeNull();
  expect(existsSync(join(dir, `${old.run.id}.json`))).toBe(false);
  const good = run();
  open(100).put(good);
  const text = readFileSync(join(dir, `${good.run.id}.json`), "utf8");
  rmSync(join(dir, `${good.run.id}.json`));
  for (const content of ["", "{}", "null", text.slice(0, 200), text, text.replace('"restart-container"', '"rm -rf"')])
    writeFileSync(join(dir, `${randomUUID()}.json`), content);
  expect(open(200).orphan()).toBeNull();
  expect(readdirSync(dir)).toEqual([]);
});
it("touches nothing else in its folder, and a folder that cannot be had is only told", () => {
  mkdirSync(dir);
  for (const name of ["notes.txt", "..json", `${randomUUID()}.json.bak`, "x.json"]) writeFileSync(join(dir, name), "mine");
  expect(open().orphan()).toBeNull();
  expect(readdirSync(dir)).toHaveLength(4);
  rmSync(dir, { recursive: true });
  writeFileSync(dir, "a file");
  open().put(run());
  expect(open().orphan()).toBeNull();
  expect(logged.join("\n")).toMatch(/could not be kept[\s\S]*could not be listed/);
});
it("knows the living from the dead", () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(2 ** 22 + 1)).toBe(false);
});
