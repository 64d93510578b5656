import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import type { SettingsInput } from "../../../shared/settings.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { openTestCore, type TestCore } from "../../support/test-core.ts";

/** The API port is changed while the session lives (1300): the whole Core against the simulated home server. */
let dir: string;
let simulator: Simulator;
let gatelight: TestCore | null = null;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gl-port-"));
  simulator = await startSimulator({ dir, clockOffsetMs: shiftedBy });
});
afterEach(async () => {
  await gatelight?.close();
  gatelight = null;
  await simulator.dispose();
  rmSync(dir, { recursive: true, force: true });
});

async function open(api: string | null): Promise<TestCore> {
  const servers = (simulator.settings.servers ?? []).map((server) => ({
    ...server,
    gateways: (server.gateways ?? []).filter(({ id }) => id === "paper").map((gateway) => ({ ...gateway, endpoints: { api, vnc: null } })),
  }));
  const settings: SettingsInput = { ...simulator.settings, servers };
  gatelight = await openTestCore(settings, { vncPassword: simulator.vncPassword });
  const core = gatelight;
  await core.until("ready", () => core.gateway("paper").lights.api.state === "up", 30_000);
  return core;
}
function moveTo(socketPort: number): void {
  const { gateway } = simulator.stage.paper;
  if (gateway === null) throw new Error("no gateway");
  simulator.stage.paper.touched = true;
  gateway.applySettings({ ...gateway.settings, socketPort });
}

describe("a changed API port", () => {
  it("is followed by a direct route, there and back", async () => {
    const { gateway } = simulator.stage.paper;
    gateway?.applySettings({ ...gateway.settings, localhostOnly: false });
    const core = await open("172.18.0.2:4002");
    for (const port of [4010, 4011, 4002]) {
      moveTo(port);
      await core.until("left", () => core.gateway("paper").lights.api.state !== "up", 10_000);
      await core.until(`back at ${port}`, () => core.gateway("paper").lights.api.state === "up", 30_000);
      await core.until("named", () => core.gateway("paper").lights.socket.detail.includes(`port ${port} `), 10_000);
    }
    expect(simulator.truth().gateways.paper).toMatchObject({ open: 1, maxOpen: 1, duringQueue: 0, connects: 4 });
  });

  it("is named, and not dialled, behind a relay that leads to the old port", async () => {
    const core = await open(null);
    moveTo(4010);
    await core.until("named", () => core.gateway("paper").cause?.id === "api-port-changed", 30_000);
    expect(core.gateway("paper").light).toBe("down");
    expect(core.gateway("paper").lights.socket.word).toBe("now 4010");
    const { connects } = simulator.truth().gateways.paper ?? {};
    moveTo(4002);
    await core.until("green again", () => core.gateway("paper").lights.api.state === "up", 30_000);
    expect(connects).toBe(1);
  });
});
