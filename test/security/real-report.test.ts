import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../electron/simulator/simulator.ts";
import { settings as settingsSchema } from "../../shared/settings.ts";
import { shiftedBy } from "../support/shift-clock.ts";
import { openTestCore, type TestCore } from "../support/test-core.ts";

const PASSWORD = "hunter22";
const DEADLINE_MS = 45_000;

/** The whole way: accounts were seen, the incident came, a person copies the report. */
describe("the problem report of a running Gatelight", () => {
  let dir: string;
  let simulator: Simulator;
  let gatelight: TestCore;
  /** Account numbers and amounts that Gatelight had seen. */
  let accounts: string[];
  let amounts: string[];
  const report = async (showNames: boolean) =>
    (await gatelight.core.handlers["report.create"]({ showNames }, { signal: AbortSignal.timeout(10_000), link: "tray" })).text;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "gl-report-"));
    simulator = await startSimulator({ dir, speed: 10, vncPassword: PASSWORD, clockOffsetMs: shiftedBy });
    const parsed = settingsSchema.parse(simulator.settings);
    const named = { ...parsed, servers: parsed.servers.map((server) => ({ ...server, name: "linuxserver.lan" })) };
    gatelight = await openTestCore(named, { vncPassword: PASSWORD });
    const all = () => gatelight.core.store.current.servers.flatMap((server) => server.gateways);
    await gatelight.until(
      "green lights with accounts",
      () => all().length === 2 && all().every(({ light, accounts: seen }) => light === "up" && seen.some(({ positions }) => positions.length > 0)),
      DEADLINE_MS,
    );
    const seen = all().flatMap((gateway) => gateway.accounts);
    accounts = seen.map(({ id }) => id);
    amounts = seen
      .flatMap(({ figures, cash, positions }) => JSON.stringify([figures, cash, positions]).match(/(?<=")-?\d+\.\d{2,}(?=")/g) ?? [])
      .filter((value) => value.replace(/\D/g, "").length >= 6);
    await simulator.play("incident");
    await gatelight.until("the incident", () => all().some(({ cause }) => cause?.id === "accept-queue-wedge"), DEADLINE_MS);
    await report(false);
  }, 120_000);
  afterAll(async () => {
    await gatelight?.close();
    await simulator?.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  it("says what is wrong and why, with evidence", async () => {
    const text = await report(false);
    expect(text).toContain("The gateway stopped accepting connections");
    expect(text).toMatch(/Evidence: /);
    expect(text).toMatch(/Gatelight 0\.0\.0/);
  });
  it.each([false, true])("holds no secret, account number or amount (names shown: %s)", async (showNames) => {
    const text = await report(showNames);
    expect([accounts.length > 1, amounts.length > 4]).toEqual([true, true]);
    for (const hidden of [PASSWORD, simulator.canary, ...accounts, ...amounts]) expect(text).not.toContain(hidden);
    for (const amount of amounts) expect(text).not.toContain(Number(amount).toLocaleString("en-US"));
    expect(text).not.toMatch(/PRIVATE KEY|(?<![A-Za-z0-9])D?U\d{5,9}/);
  });
  it("holds user and host names only where asked", async () => {
    const names = ["administrator", "linuxserver.lan"];
    const [shy, open] = [await report(false), await report(true)];
    for (const name of names) expect(shy).not.toContain(name);
    // As a word: "root" may be part of another.
    expect(shy).not.toMatch(new RegExp(`(?<![\\w-])${userInfo().username}(?![\\w-])`));
    expect(shy).toContain("[host-");
    expect(open).toContain("linuxserver.lan");
  });
  it("and no file of the data folder holds a secret or an amount", () => {
    const files = readdirSync(gatelight.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toContain("settings.json");
    for (const { parentPath, name } of files) {
      const text = readFileSync(join(parentPath, name), "latin1");
      for (const hidden of [PASSWORD, simulator.canary, ...amounts]) expect(text, name).not.toContain(hidden);
    }
  });
});
