import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { doctorReport } from "../../../electron/core/report/report-schema.ts";
import { startSimulator } from "../../../electron/simulator/simulator.ts";
import { missingPeers } from "../../support/peers.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { startSshd } from "../../support/sshd.ts";
import { runCli } from "./run-cli.ts";

/** Debian's sshd, whose shell finds the simulated docker on its PATH and the simulated socket tables; the ports are real loopback ports. */
describe.skipIf(missingPeers("sshd", "ssh-keygen").length > 0)("doctor through a real sshd", () => {
  it.concurrent.each([
    ["healthy", null, 0],
    ["accept-queue-wedge", "accept-queue-wedge", 1],
    ["port-mismatch", "port-mismatch", 1],
    ["client-id-in-use", "client-id-in-use", 1],
    ["relay-dead", "relay-dead", 1],
    ["container-exited", "container-exited", 1],
    ["docker-down", "docker-down", 1],
    ["second-factor-pending", "second-factor-pending", 3],
  ] as const)(
    "%s → %s",
    async (scenario, cause, code) => {
      const dir = mkdtempSync(join(tmpdir(), "gl-real-"));
      const simulator = await startSimulator({ dir, scenario, speed: 4, publish: true, clockOffsetMs: shiftedBy });
      const environment = Object.entries(simulator.environment).map(([name, value]) => `"${name}=${value}"`);
      const sshd = await startSshd({ config: [`SetEnv ${environment.join(" ")}`] });
      try {
        const [server] = simulator.settings.servers ?? [];
        const reach = {
          kind: "ssh",
          host: "127.0.0.1",
          port: sshd.port,
          user: sshd.user,
          identityFiles: [sshd.identityFile],
          useAgent: false,
          useSshConfig: false,
        };
        const data = join(dir, "data");
        mkdirSync(data, { mode: 0o700 });
        writeFileSync(
          join(data, "settings.json"),
          JSON.stringify({ ...simulator.settings, servers: [{ ...server, reach: { ...reach, knownHostsFile: sshd.knownHostsFile } }] }),
        );
        const run = await runCli(["doctor", "--json", "--deadline", "40", "--data-dir", data], { GATELIGHT_VNC_PASSWORD: simulator.vncPassword });
        const report = doctorReport.parse(JSON.parse(run.stdout));
        const named = report.servers.flatMap((one) => one.gateways.flatMap((gateway) => (gateway.cause === null ? [] : [gateway.cause.id])));
        expect([...new Set(named)], JSON.stringify(report, null, 1)).toEqual(cause === null ? [] : [cause]);
        expect(run.code).toBe(code);
      } finally {
        await sshd.dispose();
        await simulator.dispose();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    90_000,
  );
});
