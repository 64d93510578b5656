import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { doctorReport } from "../../../electron/core/report/report-schema.ts";
import { listScenarios } from "../../../electron/simulator/list-scenarios.ts";
import { startSimulator } from "../../../electron/simulator/simulator.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { runCli } from "./run-cli.ts";

/** A person is needed: these end with 3, every other cause with 1. */
const NEEDS_A_PERSON = new Set([
  "host-key-unknown",
  "ssh-auth-failed",
  "second-factor-pending",
  "second-factor-missed",
  "second-factor-device",
  "weekly-login-due",
  // The healer is at work while a second factor waits.
  "competing-healer",
]);

/** What a single look cannot know, since it lies in what went before: told by a Gatelight that watches (watch.test.ts). */
const NEEDS_A_PAST = new Set(["tunnel-half-open", "settings-lost", "api-port-changed"]);
/** Over in seconds at the pace of the others. */
const SLOW = new Set(["booting"]);

describe("doctor against the simulated home server", () => {
  it.concurrent.each(listScenarios().filter(({ id }) => !NEEDS_A_PAST.has(id)))(
    "$id → $cause",
    async ({ id, cause }) => {
      const dir = mkdtempSync(join(tmpdir(), "gl-doctor-"));
      const simulator = await startSimulator({ dir, scenario: id, speed: SLOW.has(id) ? 1 : 4, clockOffsetMs: shiftedBy });
      try {
        const data = join(dir, "data");
        mkdirSync(data, { mode: 0o700 });
        writeFileSync(join(data, "settings.json"), JSON.stringify(simulator.settings));
        const run = await runCli(["doctor", "--json", ...(id === "mcp-desync" ? ["--mcp-tools"] : []), "--deadline", "40", "--data-dir", data], {
          GATELIGHT_VNC_PASSWORD: simulator.vncPassword,
        });
        const report = doctorReport.parse(JSON.parse(run.stdout));
        // Nothing else may be said of either gateway: the one that is well stays without a cause.
        const named = report.servers.flatMap((server) => server.gateways.flatMap((gateway) => (gateway.cause === null ? [] : [gateway.cause.id])));
        expect([...new Set(named)], JSON.stringify(report, null, 1)).toEqual(cause === null ? [] : [cause]);
        expect(run.code).toBe(cause === null ? 0 : NEEDS_A_PERSON.has(cause) ? 3 : 1);
        expect(`${run.stdout}${run.stderr}`).not.toContain("canary-");
        // Kept for whoever dials next from this folder.
        if (id === "healthy") expect(readFileSync(join(data, "dials", report.servers[0]?.id ?? "", "paper"), "utf8")).toMatch(/^\d+ \S+ start\n$/);
      } finally {
        await simulator.dispose();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    90_000,
  );
});
