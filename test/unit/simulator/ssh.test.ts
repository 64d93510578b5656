import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { promisify } from "node:util";
import ssh2, { type Client, type ClientChannel } from "ssh2";
import { describe, expect, it } from "vitest";
import { makeSshKey } from "../../../electron/simulator/ssh/keys.ts";
import { missingPeers } from "../../support/peers.ts";
import { eventually, logIn, open, run, simulate } from "./support/sim.ts";

const forward = (client: Client, host: string, port: number) =>
  new Promise<ClientChannel | { reason: number }>((resolve) =>
    client.forwardOut("127.0.0.1", 0, host, port, (error, channel) =>
      resolve(error === undefined ? channel : { reason: Number(Reflect.get(error, "reason")) }),
    ),
  );

describe("the simulated SSH server", () => {
  it("makes keys that ssh2 reads, every time", () => {
    for (let count = 0; count < 300; count += 1) {
      const key = makeSshKey("test");
      const parsed = ssh2.utils.parseKey(key.privateText);
      if (parsed instanceof Error) throw parsed;
      expect(parsed.getPublicSSH().equals(key.publicBlob)).toBe(true);
    }
  });

  it("lets in the one key, keeps it private, and offers passwords only where told", async () => {
    const simulator = await simulate();
    expect(statSync(simulator.ssh.identityFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(simulator.knownHostsFile, "utf8")).toBe(`${simulator.knownHostsLine}\n`);
    const client = await logIn(simulator);
    expect((await run(client, "true")).code).toBe(0);
    await expect(logIn(simulator, { privateKey: makeSshKey("stranger").privateText })).rejects.toThrow(/authentication methods failed/);
    await expect(logIn(simulator, { privateKey: undefined, password: "secret" })).rejects.toThrow(/authentication methods failed/);
    simulator.stage.ssh.policy.password = "secret";
    await logIn(simulator, { privateKey: undefined, password: "secret" });
  });

  it("forwards to containers and published ports, and tells refused from forbidden", async () => {
    const simulator = await simulate();
    const client = await logIn(simulator);
    for (const [host, port] of [
      ["172.18.0.2", 4004],
      ["127.0.0.1", 15_900],
      ["localhost", 48_012],
    ] as const)
      expect(await forward(client, host, port)).not.toHaveProperty("reason");
    expect(await forward(client, "172.18.0.2", 4999)).toEqual({ reason: 2 });
    expect(await forward(client, "mcp-ib-gateway-paper", 4004)).toEqual({ reason: 2 });
    simulator.stage.ssh.setForwarding(false);
    expect(await forward(client, "172.18.0.2", 4004)).toEqual({ reason: 1 });
    expect(simulator.truth().gateways.paper).toMatchObject({ connects: 1, maxOpen: 1 });
  });

  it("runs a watching script for real over the simulated tables, and ends it with its channel", async () => {
    const simulator = await simulate();
    const client = await logIn(simulator);
    const pid = (await run(client, "docker inspect --format '{{.State.Pid}}' mcp-ib-gateway-paper")).out.trim();
    const script = `echo $$; while read -r line; do grep -c ":0FA2" "\${GATELIGHT_PROC:-/proc}/$line/net/tcp6"; done`;
    const channel = await open(client, `'sh' '-c' '${script}'`);
    const lines: string[] = [];
    let rest = "";
    channel.on("data", (chunk: Buffer) => {
      rest += chunk.toString();
      const parts = rest.split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
    });
    await eventually(() => lines.length === 1, "started");
    const shell = Number(lines[0]);
    channel.write(`${pid}\n`);
    await eventually(() => lines.length === 2, "answered");
    expect(Number(lines[1])).toBeGreaterThanOrEqual(1);
    channel.close();
    await eventually(() => !existsSync(`/proc/${shell}`), "the process died with its channel");
  });

  it.skipIf(missingPeers("ssh").length > 0)("is understood by OpenSSH's client", async () => {
    const simulator = await simulate();
    const { ssh } = simulator;
    const options = [
      "-F",
      "none",
      "-o",
      `UserKnownHostsFile=${simulator.knownHostsFile}`,
      "-o",
      "BatchMode=yes",
      "-o",
      "IdentitiesOnly=yes",
      "-i",
      ssh.identityFile,
      "-p",
      String(ssh.port),
    ];
    const { stdout } = await promisify(execFile)("ssh", [...options, `${ssh.user}@${ssh.host}`, "docker ps --format '{{.Names}}'; uname -s"]);
    expect(stdout.split("\n")).toEqual(["mcp-ib-gateway-paper", "mcp-ib-paper", "mcp-ib-gateway-live", "mcp-ib-live", expect.stringMatching(/\w+/), ""]);
  });

  it("can be switched off and on, freeze, and show another host key", async () => {
    const simulator = await simulate();
    const client = await logIn(simulator);
    await Promise.all([once(client, "close"), simulator.play("server-unreachable")]);
    const refused = connect(simulator.ssh.port, "127.0.0.1");
    expect(await once(refused, "error")).toMatchObject([{ code: "ECONNREFUSED" }]);
    await simulator.play("healthy");
    await logIn(simulator);
    await simulator.play("tunnel-half-open");
    const silent = connect(simulator.ssh.port, "127.0.0.1");
    let bytes = 0;
    silent.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(silent, "connect");
    await simulator.play("healthy");
    expect(bytes).toBe(0);
    silent.destroy();
    expect((await run(await logIn(simulator), "true")).code).toBe(0);
    await simulator.play("host-key-changed");
    expect(readFileSync(simulator.knownHostsFile, "utf8")).not.toContain(simulator.knownHostsLine);
    await simulator.play("host-key-unknown");
    expect(readFileSync(simulator.knownHostsFile, "utf8")).toBe("");
  });

  it("lends its docker to a real shell", async () => {
    const simulator = await simulate();
    const { stdout } = await promisify(execFile)(simulator.dockerProgram, ["ps", "--format", "{{.Names}}"], { env: simulator.environment });
    expect(stdout).toContain("mcp-ib-gateway-live");
    await expect(promisify(execFile)(simulator.dockerProgram, ["inspect", "nosuch"], { env: simulator.environment })).rejects.toMatchObject({
      code: 1,
      stdout: "[]\n",
    });
  });
});
