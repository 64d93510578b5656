import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { controlPath } from "../../../electron/core/control/control-path.ts";
import { doctorReport } from "../../../electron/core/report/report-schema.ts";
import { runCli } from "./run-cli.ts";

const DEADLINE_S = 6;
/** Over and above: a program's start and end on a machine that has much else to do. */
const SLACK_MS = 20_000;

interface Hanging {
  /** Written into the settings. */
  readonly reach?: Record<string, unknown>;
  readonly docker?: string;
}
interface Stage {
  readonly dir: string;
  readonly data: string;
  /** Something that accepts and never says a word. @returns its port */
  mute(at: string | number): Promise<number>;
}

const ssh = (port: number) => ({ kind: "ssh", host: "127.0.0.1", port, user: "administrator", useSshConfig: false, useAgent: false, identityFiles: [] });
/** @returns a program that takes its time */
function sleeper(dir: string): string {
  const file = join(dir, "docker");
  writeFileSync(file, "#!/bin/sh\nexec sleep 300\n");
  chmodSync(file, 0o755);
  return file;
}

describe("doctor ends by its deadline", () => {
  it.concurrent.each<[string, (stage: Stage) => Promise<Hanging>, number]>([
    ["an SSH server that accepts and stays mute", async (stage) => ({ reach: ssh(await stage.mute(0)) }), 1],
    ["docker never answers", async ({ dir }) => ({ reach: { kind: "local" }, docker: sleeper(dir) }), 1],
    [
      "a Gatelight that runs on this folder and stands still",
      async (stage) => {
        mkdirSync(dirname(controlPath(stage.data)), { recursive: true, mode: 0o700 });
        await stage.mute(controlPath(stage.data));
        return { reach: ssh(9) };
      },
      2,
    ],
  ])(
    "though there is %s",
    async (_name, hang, code) => {
      const dir = mkdtempSync(join(tmpdir(), "gl-deadline-"));
      const servers: Server[] = [];
      const sockets: Socket[] = [];
      try {
        const data = join(dir, "data");
        mkdirSync(data, { mode: 0o700 });
        const mute = (at: string | number) =>
          new Promise<number>((resolve) => {
            const server = createServer((socket) => void sockets.push(socket.on("error", () => undefined)));
            servers.push(server);
            const listening = () => {
              const address = server.address();
              resolve(typeof address === "object" && address !== null ? address.port : 0);
            };
            if (typeof at === "string") server.listen(at, listening);
            else server.listen(at, "127.0.0.1", listening);
          });
        const { reach, docker = "docker" } = await hang({ dir, data, mute });
        const server = { id: "home", reach, docker, gateways: [{ id: "paper", mode: "paper", container: "mcp-ib-gateway-paper" }] };
        writeFileSync(join(data, "settings.json"), JSON.stringify({ version: 1, servers: [server] }));
        const begun = performance.now();
        const run = await runCli(["doctor", "--json", "--deadline", String(DEADLINE_S), "--data-dir", data]);
        expect(performance.now() - begun).toBeLessThan(DEADLINE_S * 1_000 + SLACK_MS);
        expect(run.code, run.stderr).toBe(code);
        if (code === 2) expect(run.stderr).toContain("does not answer");
        else {
          const [gateway] = doctorReport.parse(JSON.parse(run.stdout)).servers.flatMap((one) => one.gateways);
          // What is not known by then stays unknown: never guessed, never green.
          expect(gateway?.lights.api.state).toMatch(/^(?:unknown|connecting)$/);
        }
      } finally {
        for (const socket of sockets) socket.destroy();
        for (const server of servers) server.close();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    60_000,
  );
});
