import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { doctorReport } from "../../../electron/core/report/report-schema.ts";
import { listScenarios } from "../../../electron/simulator/list-scenarios.ts";
import { startSimulator } from "../../../electron/simulator/simulator.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { runCli } from "./run-cli.ts";

/** A person is needed: these end with 3, every other cause with 1. */
const NEEDS_A_PERSON = new Set(["host-key-unknown", "second-factor-pending"]);

describe("doctor against the simulated home server", () => {
  it.concurrent.each(listScenarios())(
    "$id → $cause",
    async ({ id, cause }) => {
      const dir = mkdtempSync(join(tmpdir(), "gl-doctor-"));
      const simulator = await startSimulator({ dir, scenario: id, speed: 4, clockOffsetMs: shiftedBy });
      try {
        const data = join(dir, "data");
        mkdirSync(data, { mode: 0o700 });
        writeFileSync(join(data, "settings.json"), JSON.stringify(simulator.settings));
        const run = await runCli(["doctor", "--json", "--deadline", "40", "--data-dir", data], { GATELIGHT_VNC_PASSWORD: simulator.vncPassword });
        const report = doctorReport.parse(JSON.parse(run.stdout));
        const paper = report.servers[0]?.gateways.find((gateway) => gateway.id === "paper");
        const seen = paper?.cause === null || paper === undefined ? null : paper.cause.id;
        expect(seen, JSON.stringify(paper, null, 1)).toBe(cause);
        expect(run.code).toBe(cause === null ? 0 : NEEDS_A_PERSON.has(cause) ? 3 : 1);
        expect(`${run.stdout}${run.stderr}`).not.toContain("canary-");
      } finally {
        await simulator.dispose();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    90_000,
  );
});
