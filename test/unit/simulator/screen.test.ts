import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { vncResponse } from "../../../electron/simulator/screen/vnc-auth.ts";
import { Viewer } from "./support/rfb.ts";
import { dial, eventually, Inbox, publishedPort, simulate } from "./support/sim.ts";

const PASSWORD = "gateligh";
const hash = (pixels: Uint32Array) => createHash("sha256").update(new Uint8Array(pixels.buffer)).digest("hex");
/** Where things are in the gateway's window and dialog. */
const MENU_CONFIGURE = [186, 100] as const;
const MENU_SETTINGS = [200, 131] as const;
const LOCALHOST_ONLY = [377, 356] as const;
const READ_ONLY = [377, 212] as const;
const APPLY = [719, 621] as const;
const OK = [613, 621] as const;
const OK_FACE = [575, 612] as const;
const BLUE = 0x1a5fb4;
const WHITE = 0xffffff;

async function openSettings(viewer: Viewer) {
  viewer.click(...MENU_CONFIGURE);
  await viewer.until(() => viewer.at(160, 190) === WHITE && viewer.at(330, 190) === WHITE);
  viewer.click(...MENU_SETTINGS);
  await viewer.until(() => viewer.at(...OK_FACE) === BLUE);
}

describe("the simulated screen", () => {
  it("answers a challenge as VNC does (vector computed with OpenSSL's single DES)", () => {
    const challenge = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    expect(vncResponse("password", challenge).toString("hex")).toBe("b866924125c8eebb9debc1db61c538e2");
    expect(vncResponse("password-and-more", challenge)).toEqual(vncResponse("password", challenge));
  });

  it("refuses a wrong password with a reason and closes", async () => {
    const simulator = await simulate({ publish: true });
    await expect(Viewer.open(publishedPort(simulator, "paper", 5900), "wrong", 0)).rejects.toThrow("password check failed!");
  });

  it("gives the same picture raw and as ZRLE", async () => {
    const simulator = await simulate({ publish: true });
    const port = publishedPort(simulator, "paper", 5900);
    const raw = await Viewer.open(port, PASSWORD, 0);
    const compact = await Viewer.open(port, PASSWORD, 16);
    expect([raw.width, raw.height]).toEqual([1024, 768]);
    for (const viewer of [raw, compact]) {
      viewer.ask(false);
      expect(await viewer.update()).toBe(1024 * 768);
    }
    // MCP workers may have connected between the two pictures: both see the newest.
    for (const viewer of [raw, compact]) {
      viewer.ask(false);
      await viewer.update();
    }
    expect(hash(compact.pixels)).toBe(hash(raw.pixels));
    expect(new Set(raw.pixels).size).toBeGreaterThan(50);
  });

  it("heals the incident: Configure, Settings, untick, Apply", async () => {
    const simulator = await simulate({ publish: true, scenario: "incident" });
    expect(simulator.truth().gateways.paper).toMatchObject({ usable: false, queue: 51 });
    const viewer = await Viewer.open(publishedPort(simulator, "paper", 5900), PASSWORD, 16);
    viewer.ask(false);
    await viewer.update();
    await openSettings(viewer);
    expect(viewer.at(...LOCALHOST_ONLY)).toBe(BLUE);
    viewer.click(...LOCALHOST_ONLY);
    await viewer.until(() => viewer.at(...LOCALHOST_ONLY) !== BLUE);
    expect(simulator.truth().gateways.paper?.usable).toBe(false);
    viewer.click(...APPLY);
    await eventually(() => simulator.truth().gateways.paper?.usable === true, "usable again");
    expect(simulator.truth().gateways.paper).toMatchObject({ queue: 0, settings: { localhostOnly: false } });
    await eventually(() => simulator.truth().gateways.paper?.clientIds.length === 3, "the three workers are back");
  });

  it("takes a port from the keyboard, refuses nonsense, and saves nothing on Cancel", async () => {
    const simulator = await simulate({ publish: true });
    const viewer = await Viewer.open(publishedPort(simulator, "paper", 5900), PASSWORD, 16);
    viewer.ask(false);
    await viewer.update();
    await openSettings(viewer);
    viewer.click(...READ_ONLY);
    await viewer.until(() => viewer.at(...READ_ONLY) === BLUE);
    viewer.key(0xff1b);
    await viewer.until(() => viewer.at(...OK_FACE) !== BLUE);
    expect(simulator.truth().gateways.paper?.settings).toMatchObject({ readOnly: false, socketPort: 4002 });
    await openSettings(viewer);
    expect(viewer.at(...READ_ONLY)).not.toBe(BLUE);
    for (let count = 0; count < 4; count += 1) viewer.key(0xff08);
    viewer.click(...OK);
    // Refused: the dialog says so and stays.
    await viewer.until(() => Array.from({ length: 200 }, (_unused, x) => viewer.at(150 + x, 621)).includes(0xb3261e));
    expect(simulator.truth().gateways.paper?.settings?.socketPort).toBe(4002);
    viewer.click(560, 255);
    for (const digit of "4010") viewer.key(digit.charCodeAt(0));
    viewer.key(0xff0d);
    await eventually(() => simulator.truth().gateways.paper?.settings?.socketPort === 4010, "port changed");
  });

  it("loses an unsaved setting on docker restart, and keeps it after IBC's STOP", async () => {
    const simulator = await simulate({ publish: true, speed: 200 });
    const gateway = () => simulator.stage.paper.gateway;
    const { engine } = simulator.stage.home;
    const change = () => gateway()?.applySettings({ socketPort: 4002, readOnly: false, localhostOnly: false, trustedIps: ["127.0.0.1"] });
    change();
    engine.containers.get("mcp-ib-gateway-paper")?.stop();
    engine.containers.get("mcp-ib-gateway-paper")?.start();
    expect(gateway()?.settings.localhostOnly).toBe(true);
    await eventually(() => gateway()?.usable === true, "logged in again");
    change();
    const command = await new Promise<{ write(text: string): void }>((resolve, reject) => {
      const { namespace } = gateway()?.container ?? { namespace: null };
      if (namespace === null) throw new Error("no container");
      namespace.net.connect(namespace, "127.0.0.1", 7462, { connected: (socket) => resolve(socket.resume()), failed: reject });
    });
    command.write("stop\r\n");
    await eventually(() => gateway()?.container.restartCount === 1 && gateway()?.usable === true, "started again by Docker");
    expect(gateway()?.settings.localhostOnly).toBe(false);
  });

  it("serves several viewers, sends only what changed, and survives noise", async () => {
    const simulator = await simulate({ publish: true });
    const port = publishedPort(simulator, "paper", 5900);
    const one = await Viewer.open(port, PASSWORD, 16);
    const two = await Viewer.open(port, PASSWORD, 16);
    for (const viewer of [one, two]) {
      viewer.ask(false);
      await viewer.update();
    }
    const noise = new Inbox(await dial(port));
    expect((await noise.read(12)).toString()).toBe("RFB 003.008\n");
    const bad = await dial(port);
    const badInbox = new Inbox(bad);
    bad.write("SSH-2.0-OpenSSH\r\n");
    await badInbox.until(() => badInbox.ended);
    // What the workers of the MCP server changed meanwhile.
    await eventually(() => simulator.truth().gateways.paper?.clientIds.length === 3, "workers connected");
    two.ask(true);
    simulator.stage.paper.gateway?.say("Something new");
    const carried = await two.update();
    expect(carried).toBeGreaterThan(0);
    expect(carried).toBeLessThan((1024 * 768) / 2);
  });
});
