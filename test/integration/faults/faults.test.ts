import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { missingPeers } from "../../support/peers.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { openTestCore, type TestCore } from "../../support/test-core.ts";

/** The light must leave green, and be back, within these times of a fault's beginning and end (ms). */
const LEAVES = 10_000;
const BACK = 15_000;
const SETTLE = 60_000;

/** A cable that can be pulled: bytes stop both ways while the connections stay open. */
class Cable {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private pulled = false;
  private server: Server | null = null;

  async open(target: number): Promise<number> {
    const server = createServer((near) => {
      const far = connect(target, "127.0.0.1");
      const pair = [near, far] as const;
      this.pairs.add(pair);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on("data", (bytes) => {
          // What is sent over a pulled cable is gone; TCP would resend it, so the connection is of no use afterwards, like after a long outage.
          if (!this.pulled) to.write(bytes);
        });
        from.on("error", () => undefined);
        from.on("close", () => {
          // Over a pulled cable nobody hears of it before it is plugged in again: then what the other kernel still sends is answered by a reset.
          if (this.pulled) return;
          to.destroy();
          this.pairs.delete(pair);
        });
      }
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }
  pull(): void {
    this.pulled = true;
  }
  plug(): void {
    this.pulled = false;
    for (const [near, far] of this.pairs) {
      near.destroy();
      far.destroy();
    }
    this.pairs.clear();
  }
  close(): void {
    this.plug();
    this.server?.close();
  }
}

describe.skipIf(missingPeers("sshd", "ssh-keygen").length > 0)("faults while Gatelight watches, through a real sshd", () => {
  let dir = "";
  let simulator: Simulator;
  let sshd: Sshd;
  let cable: Cable;
  let gatelight: TestCore;
  const green = (id: string) => gatelight.gateway(id).light === "up";

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "gl-faults-"));
    simulator = await startSimulator({ dir, speed: 10, publish: true, clockOffsetMs: shiftedBy });
    const env = Object.entries(simulator.environment).map(([name, value]) => `${name}=${value}`);
    sshd = await startSshd({ config: [`SetEnv ${env.map((pair) => `"${pair}"`).join(" ")}`] });
    cable = new Cable();
    const port = await cable.open(sshd.port);
    const [server] = simulator.settings.servers ?? [];
    if (server === undefined) throw new Error("no server");
    const knownHostsFile = join(dir, "known_hosts_real");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(knownHostsFile, sshd.knownHosts.replaceAll(`:${sshd.port}`, `:${port}`));
    gatelight = await openTestCore(
      {
        ...simulator.settings,
        servers: [
          {
            ...server,
            reach: {
              kind: "ssh",
              host: "127.0.0.1",
              port,
              user: sshd.user,
              identityFiles: [sshd.identityFile],
              useAgent: false,
              useSshConfig: false,
              knownHostsFile,
            },
          },
        ],
      },
      { vncPassword: simulator.vncPassword, dialsPerHour: Number.POSITIVE_INFINITY },
    );
    await gatelight.until("both green", () => green("paper") && green("live"), SETTLE);
  }, 120_000);
  afterAll(async () => {
    await gatelight?.close();
    cable?.close();
    await sshd?.dispose();
    await simulator?.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Never more than one API connection a gateway, none that joined a queue: seen from the server's side. */
  const polite = () => {
    for (const [id, truth] of Object.entries(simulator.truth().gateways)) {
      expect(truth.maxOpen, `${id}: connections at once`).toBeLessThanOrEqual(1);
      expect(truth.duringQueue, `${id}: dials into a queue`).toBe(0);
      expect(truth.writes, `${id}: writes`).toBe(0);
    }
  };

  it("the network is cut", async () => {
    cable.pull();
    await gatelight.until("leaves green", () => !green("paper") && !green("live"), LEAVES);
    await gatelight.until("named", () => ["tunnel-half-open", "server-unreachable"].includes(gatelight.gateway("paper").cause?.id ?? ""), 30_000);
    cable.plug();
    await gatelight.until("green again", () => green("paper") && green("live"), BACK);
    polite();
  });

  it("sshd is stopped, and goes on", async () => {
    sshd.signal("SIGSTOP");
    await gatelight.until("leaves green", () => !green("paper"), LEAVES);
    sshd.signal("SIGCONT");
    await gatelight.until("green again", () => green("paper") && green("live"), BACK);
    polite();
  });

  it("sshd is killed, and starts again", async () => {
    await sshd.stop();
    await gatelight.until("leaves green", () => !green("paper") && !green("live"), LEAVES);
    await gatelight.until("named", () => gatelight.gateway("paper").cause?.id === "server-unreachable", 20_000);
    await sshd.start();
    await gatelight.until("green again", () => green("paper") && green("live"), BACK + 15_000);
    polite();
  });

  it.each(["gateway-stopped", "accept-queue-wedge", "broker-unreachable", "relay-dead", "container-exited"])("%s, then healthy", async (scenario) => {
    const { cause } = simulator.scenarios.find((one) => one.id === scenario) ?? {};
    await simulator.play(scenario);
    await gatelight.until("leaves green", () => !green("paper"), LEAVES);
    await gatelight.until(`named ${cause}`, () => gatelight.gateway("paper").cause?.id === cause, 45_000);
    expect(green("live")).toBe(true);
    await simulator.play("healthy");
    await gatelight.until("green again", () => green("paper"), SETTLE);
    polite();
  });
});
