import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseArguments } from "../../../electron/cli/arguments.ts";
import { repair } from "../../../electron/cli/repair.ts";
import { systemClock } from "../../../electron/core/clock.ts";
import { openHistory } from "../../../electron/core/history/history.ts";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { shiftedBy } from "../../support/shift-clock.ts";

let dir = "";
let simulator: Simulator;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gl-repair-cli-"));
  simulator = await startSimulator({ dir, speed: 10, clockOffsetMs: shiftedBy });
  mkdirSync(join(dir, "data"), { mode: 0o700 });
  writeFileSync(join(dir, "data/settings.json"), JSON.stringify(simulator.settings));
});
afterEach(async () => {
  await simulator.dispose();
  rmSync(dir, { recursive: true, force: true });
});

async function run(...words: string[]) {
  const parsed = parseArguments(["repair", ...words, "--data-dir", join(dir, "data")]);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const out: string[] = [];
  const err: string[] = [];
  const code = await repair(parsed.arguments, { out: (line) => out.push(line), error: (line) => err.push(line), stopped: new Promise(() => undefined) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("gatelight repair", () => {
  it("shows the plan and does nothing without --yes; does it, follows it and logs it with --yes", async () => {
    await simulator.play("relay-dead");
    const shown = await run("restart-relay", "--gateway", "paper", "--json");
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.out).plan).toMatchObject({
      repair: "restart-relay",
      refused: null,
      confirm: 1,
      price: { secondFactor: false },
      commands: [{ where: "linuxserver.lan", text: "docker exec mcp-ib-gateway-paper pkill -KILL -x socat" }, { where: "linuxserver.lan" }],
    });
    expect(simulator.truth().dockerCalls).toBe(0);
    expect(simulator.truth().gateways.paper?.usable).toBe(false);

    const done = await run("restart-relay", "--gateway", "paper", "--yes", "--json");
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(JSON.parse(done.out).run).toMatchObject({ repair: "restart-relay", outcome: "cured" });
    expect(simulator.truth().gateways.paper?.usable).toBe(true);
    const { history } = await openHistory({ file: join(dir, "data/history.sqlite"), clock: systemClock });
    const incident = history?.incidents({ server: "home", gateway: "paper", limit: 10 }).find((one) => one.kind === "repair");
    history?.close();
    expect(incident).toMatchObject({ title: "Restart the relay: cured", detail: expect.stringMatching(/^asked by the command line\n/) });
  });
  it("wants the name for what replaces, and says what is refused", async () => {
    const unnamed = await run("recreate-container", "--gateway", "paper", "--yes");
    expect(unnamed.code).toBe(2);
    expect(unnamed.err).toContain('Nothing was done. Add --confirm-name "Paper".');
    const shown = await run("recreate-container", "--gateway", "live");
    expect(shown.code).toBe(0);
    expect(shown.err).toContain('Add --yes to do it and --confirm-name "Live"');
    expect(shown.out).toContain("second factor: needed; unsaved settings: lost");
    const refused = await run("resubscribe", "--gateway", "paper", "--yes");
    // The session is open by then: nothing is wrong, so it is simply done.
    expect(refused.code).toBe(0);
    simulator.stage.home.engine.setFault("down");
    const down = await run("restart-container", "--gateway", "paper", "--yes");
    expect(down).toMatchObject({ code: 1, err: expect.stringContaining("Refused: Docker does not answer") });
    await expect(run("wait", "--gateway", "nobody")).rejects.toThrow('There is no gateway "nobody"');
  });
});
