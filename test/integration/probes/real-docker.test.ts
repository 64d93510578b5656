import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { GatewayTarget } from "../../../electron/core/diagnosis/evidence.ts";
import { createLocalLink } from "../../../electron/core/host-link/local/local-link.ts";
import { createServerWatch, type ServerWatch, type WatchedFacts, type WatchedServer } from "../../../electron/core/probes/server-watch.ts";
import { missingPeers, peer } from "../../support/peers.ts";

const NAME = "gatelight-probes";
const WAIT = { timeout: 40_000, interval: 50 };
const TARGET: GatewayTarget = {
  id: "paper",
  name: "Paper",
  mode: "paper",
  container: NAME,
  ports: { relay: 4004, api: 4002, vnc: 5900 },
  clientId: 901,
  mcp: null,
};
/** Speaks like the image, listens like it, and holds a program named as the relay is. */
const MAIN = `
echo '.> Starting IBC/IB gateway'
echo 'Starting IBC version 3.24.2 on 2026-11-22 at 10:00:01'
socat TCP-LISTEN:4004,fork,bind=127.0.0.1 TCP:127.0.0.1:4002 &
# Docker stamps each output when it reads it: within a millisecond their order is chance.
sleep 0.3
echo 'socat[7] E connect(5, AF=2 127.0.0.1:4002, 16): Connection refused' >&2
echo "$(date -u '+%Y-%m-%d %H:%M:%S'):000 IBC: Starting session: will exit if login dialog is not displayed within 60 seconds"
echo "$(date -u '+%Y-%m-%d %H:%M:%S'):000 IBC: Login has completed"
while :; do sleep 1; done
`;

const able = missingPeers("dockerd", "socat").length === 0 && process.getuid?.() === 0;

describe.skipIf(!able)("a real docker", () => {
  let dir: string;
  let daemon: ChildProcess;
  let docker: string;
  let watch: ServerWatch;
  let facts: WatchedFacts = {};
  let server: WatchedServer = {};
  let peerAsked = false;
  const link = createLocalLink();

  const run = (...args: string[]) => {
    const result = spawnSync(docker, args, { encoding: "utf8", timeout: 60_000 });
    if (result.status !== 0) throw new Error(`docker ${args[0]}: ${result.stderr}`);
    return result.stdout;
  };
  const startDaemon = async () => {
    const socket = join(dir, "docker.sock");
    daemon = spawn(
      peer("dockerd"),
      [
        "--data-root",
        join(dir, "data"),
        "--exec-root",
        join(dir, "exec"),
        "--pidfile",
        join(dir, "pid"),
        "-H",
        `unix://${socket}`,
        "--iptables=false",
        "--bridge=none",
      ],
      { stdio: "ignore" },
    );
    await vi.waitUntil(() => spawnSync(docker, ["version"], { timeout: 10_000 }).status === 0, WAIT);
  };
  const stopDaemon = async () => {
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGTERM");
    await ended;
  };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "gatelight-dockerd-"));
    docker = join(dir, "docker");
    writeFileSync(
      docker,
      `#!/bin/sh\nDOCKER_HOST=unix://${dir}/docker.sock exec ${spawnSync("sh", ["-c", "command -v docker"], { encoding: "utf8" }).stdout.trim()} "$@"\n`,
    );
    chmodSync(docker, 0o755);
    await startDaemon();
    // An image of nothing: this machine's own programs are mounted into it.
    const root = join(dir, "root");
    for (const folder of ["usr", "etc", "tmp", "home/ibgateway/Jts"]) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "home/ibgateway/Jts/jts.ini"), "[Communication]\nPeer=gdc1.ibllc.com:4001\n");
    for (const name of ["bin", "lib", "lib64", "sbin"]) symlinkSync(`usr/${name}`, join(root, name));
    const made = spawnSync("sh", ["-c", `tar -C '${root}' -c . | '${docker}' import - gatelight-empty`], { encoding: "utf8", timeout: 60_000 });
    expect(made.stderr).toBe("");
    run(
      "run",
      "-d",
      "--name",
      NAME,
      "--network",
      "none",
      "--label",
      "com.docker.compose.project=ib",
      "--label",
      "com.docker.compose.service=gw",
      "-e",
      "TWS_PASSWORD=secret-of-the-test",
      "-v",
      "/usr:/usr:ro",
      "-v",
      "/etc/alternatives:/etc/alternatives:ro",
      "gatelight-empty",
      "/usr/bin/bash",
      "-c",
      MAIN,
    );
    link.start();
    watch = createServerWatch({
      link,
      docker,
      targets: [TARGET],
      clock: systemClock,
      onFacts: (_id, fresh) => {
        facts = { ...facts, ...fresh };
        expect(JSON.stringify(fresh)).not.toContain("secret-of-the-test");
      },
      onServer: (fresh) => {
        server = { ...server, ...fresh };
      },
      onPeer: (_id, found) => {
        expect(found).toBe("gdc1");
        peerAsked = true;
      },
    });
    watch.setPace("alert");
    watch.start();
  }, 120_000);
  afterAll(async () => {
    watch?.dispose();
    await link.dispose();
    if (docker !== undefined) spawnSync(docker, ["rm", "-f", NAME], { timeout: 30_000 });
    if (daemon !== undefined) await stopDaemon();
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it("tells container, log, sockets and clock", async () => {
    await expect.poll(() => facts.login?.value.phase, WAIT).toBe("logged-in");
    expect(facts.container?.value).toMatchObject({
      kind: "present",
      name: NAME,
      status: "running",
      image: "gatelight-empty",
      networkMode: "none",
      restartPolicy: "no",
      compose: { project: "ib", service: "gw", dir: null },
      mounts: expect.arrayContaining([{ kind: "bind", destination: "/usr" }]),
    });
    await expect.poll(() => facts.login?.value, WAIT).toMatchObject({ sessions: 1, relayErrors: { refused: 1 }, version: { ibc: "3.24.2" }, truncated: false });
    expect(Math.abs(facts.login?.value.stampSkewMs ?? 1e9)).toBeLessThan(5_000);
    await expect.poll(() => facts.sockets?.value.listeners, WAIT).toEqual([{ port: 4004, family: 4, address: "127.0.0.1", queue: 0 }]);
    expect(facts.sockets?.value).toMatchObject({ source: "host-proc", xServer: expect.any(Boolean), listenDrops: expect.any(Number) });
    await expect.poll(() => server.clockSkewMs?.value, WAIT).toBeDefined();
    expect(Math.abs(server.clockSkewMs?.value ?? 1e9)).toBeLessThan(2_000);
  });
  it("lists processes by name", async () => {
    await watch.lookProcesses("paper");
    expect(facts.processes?.value).toEqual({ java: "absent", socat: "running", x11vnc: "absent", xvfb: "absent" });
  });
  it("reads the region from jts.ini", async () => {
    await expect.poll(() => peerAsked, WAIT).toBe(true);
  });
  it("follows kill and start", async () => {
    run("kill", NAME);
    await expect.poll(() => facts.container?.value, WAIT).toMatchObject({ status: "exited", exitCode: 137, pid: null });
    expect(facts.sockets).toBeNull();
    run("start", NAME);
    await expect.poll(() => facts.container?.value, WAIT).toMatchObject({ status: "running" });
    // The log of both runs lies in one file: only the newest counts.
    await expect.poll(() => facts.login?.value, WAIT).toMatchObject({ phase: "logged-in", sessions: 1 });
    await expect.poll(() => facts.sockets?.value.listeners.length, WAIT).toBe(1);
  });
  it("notices that the container is gone", async () => {
    run("rename", NAME, "other");
    await expect.poll(() => facts.container?.value, WAIT).toEqual({ kind: "missing", seen: ["other"] });
    run("rename", "other", NAME);
    await expect.poll(() => facts.container?.value.kind, WAIT).toBe("present");
  });
  it("notices the daemon's end and its return", async () => {
    await stopDaemon();
    await expect.poll(() => server.docker?.value.kind, WAIT).toBe("down");
    await startDaemon();
    await expect.poll(() => server.docker?.value.kind, WAIT).toBe("ok");
    await expect.poll(() => facts.container?.value, WAIT).toMatchObject({ status: "exited" });
    run("start", NAME);
    await expect.poll(() => facts.container?.value, WAIT).toMatchObject({ status: "running" });
  });
});
