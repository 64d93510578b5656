import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { HostLink } from "../../../electron/core/host-link/host-link.ts";
import { createPictureWatch } from "../../../electron/core/screen/picture-watch.ts";
import { createRefusedPasswords } from "../../../electron/core/screen/refused-passwords.ts";
import { checkScreen } from "../../../electron/core/screen/screen-check.ts";
import type { ScreenReport } from "../../../electron/core/screen/screen-ports.ts";
import { DESKTOP_PEERS, type Desktop, type DesktopOptions, startDesktop } from "../../support/desktop.ts";
import { createStandInLink } from "../../support/local-stand-in.ts";
import { missingPeers } from "../../support/peers.ts";
import { rfbText, scriptedServer, serverInit, take, u32 } from "../../support/scripted-server.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { cleanUp, openLink, reachOf, until as untilState } from "../host-link/support.ts";

const PASSWORD = "swordf1sh";

describe.skipIf(missingPeers("sshd", "ssh-keygen", ...DESKTOP_PEERS).length > 0)("what a real screen shows, through a real sshd", () => {
  let sshd: Sshd;
  let link: HostLink;
  const undo: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    sshd = await startSshd();
    link = openLink(reachOf(sshd)).link;
    await untilState(link, "up");
  });
  afterAll(async () => {
    await cleanUp();
    await sshd?.dispose();
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  async function desktopOf(options: DesktopOptions): Promise<Desktop> {
    const desktop = await startDesktop({ password: PASSWORD, ...options });
    undo.push(() => desktop.dispose());
    return desktop;
  }
  async function seen(desktop: Desktop): Promise<ScreenReport[]> {
    const reports: ScreenReport[] = [];
    const address = { host: "127.0.0.1", port: desktop.port };
    await checkScreen({
      link,
      address,
      password: PASSWORD,
      clock: systemClock,
      signal: new AbortController().signal,
      report: (report) => reports.push(report),
    });
    return reports;
  }
  const shows = (picture: "painted" | "black") => [
    { kind: "login", version: "3.8", login: "accepted" },
    { kind: "picture", picture },
  ];

  it.each([
    ["x11vnc, with its pointer", "x11vnc", [], "1024x768"],
    ["x11vnc, which paints its pointer into the picture whatever is asked", "x11vnc", ["-nocursorshape"], "1024x768"],
    ["TigerVNC", "tigervnc", [], "1024x768"],
    ["x11vnc, very small", "x11vnc", [], "96x80"],
  ] as const)("%s: a bare display is black, and a window on it is seen", async (_name, kind, args, geometry) => {
    const desktop = await desktopOf({ kind, args, geometry, terminal: false });
    expect(await seen(desktop)).toEqual(shows("black"));
    desktop.paint();
    await expect.poll(() => seen(desktop), { timeout: 20_000 }).toEqual(shows("painted"));
  });

  /** @param password in turn */
  function watchOf(desktop: Desktop, passwords: (string | null)[]) {
    const reports: ScreenReport[] = [];
    const faults: string[] = [];
    let now = 0;
    const watch = createPictureWatch({
      link,
      clock: { ...systemClock, now: () => now },
      address: () => ({ host: "127.0.0.1", port: desktop.port }),
      password: async () => (passwords.length > 1 ? (passwords.shift() ?? null) : (passwords[0] ?? null)),
      outlivesViewers: () => true,
      refused: createRefusedPasswords().of("home", "paper"),
      report: (report) => reports.push(report),
      onFault: (message) => faults.push(message),
    });
    const pass = (ms: number) => {
      now += ms;
    };
    return { watch, reports, faults, pass, look: () => watch.look(new AbortController().signal), recent: () => watch.recent(new AbortController().signal) };
  }
  const login = (result: "accepted" | "refused"): ScreenReport => ({ kind: "login", version: "3.8", login: result });

  it("is looked at again, seldom where something was painted, and a look of late answers for the next", async () => {
    const desktop = await desktopOf({ kind: "x11vnc", terminal: false });
    const { watch, reports, faults, look, recent, pass } = watchOf(desktop, [PASSWORD]);
    const [first] = await Promise.all([look(), recent()]);
    expect(first).toBe("heard");
    await recent();
    // A glance that is black is confirmed; black is said once.
    expect(reports).toEqual([login("accepted"), ...shows("black")]);
    expect(await look()).toBe("not-heard");
    desktop.paint();
    const again = async () => {
      pass(180_000);
      return (await look()) === "heard" && reports.at(-1);
    };
    await expect.poll(again, { timeout: 20_000 }).toEqual({ kind: "picture", picture: "painted" });
    const told = reports.length;
    pass(600_000);
    expect(await look()).toBe("not-heard");
    expect(reports).toHaveLength(told);
    // The server died: said once, and left alone for a while.
    await desktop.kill();
    watch.renew();
    expect(await look()).toBe("not-heard");
    expect(await look()).toBe("not-heard");
    expect(faults).toHaveLength(1);
    await desktop.restart();
    pass(300_000);
    expect(await look()).toBe("heard");
  });

  it("is not asked with a password that is not known, or was refused already", async () => {
    const desktop = await desktopOf({ kind: "x11vnc", terminal: false });
    desktop.paint();
    const { reports, faults, look } = watchOf(desktop, [null, "wrongone", "wrongone", PASSWORD]);
    expect([await look(), await look(), await look()]).toEqual(["not-heard", "heard", "not-heard"]);
    expect(reports).toEqual([login("refused")]);
    expect(await look()).toBe("heard");
    expect(reports[1]).toEqual(login("accepted"));
    expect(faults).toEqual([]);
  });
});

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const rectangle = (x: number, y: number, width: number, height: number, encoding: number, data: Buffer) =>
  Buffer.concat([u16(x), u16(y), u16(width), u16(height), u32(encoding >>> 0), data]);
const update = (...rectangles: Buffer[]) => Buffer.concat([Buffer.from([0, 0]), u16(rectangles.length), ...rectangles]);
const solid = (width: number, height: number, value: number) => Buffer.alloc(width * height * 4, value);
const WIDE = 200;
const HIGH = 100;
const POINTER = rectangle(3, 3, 9, 4, -239, Buffer.alloc(9 * 4 * 4 + 2 * 4, 0xff));
const BLACK = rectangle(0, 0, WIDE, HIGH, 0, solid(WIDE, HIGH, 0));

describe("what a scripted screen shows", () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  /** A server without a password that is truthful up to ServerInit. @returns the reports and how it ended */
  async function seen(script: (socket: Socket, ask: () => Promise<Buffer>) => Promise<unknown>): Promise<{ picture: string | null; failed: string | null }> {
    const server = await scriptedServer(async (socket) => {
      socket.write("RFB 003.008\n");
      await take(socket, 12);
      socket.write(Buffer.from([1, 1]));
      await take(socket, 1);
      socket.write(u32(0));
      await take(socket, 1);
      socket.write(serverInit({ width: WIDE, height: HIGH }));
      // SetPixelFormat, then SetEncodings with raw pictures and the pointer apart.
      await take(socket, 20);
      expect(await take(socket, 12)).toEqual(Buffer.concat([Buffer.from([2, 0, 0, 2]), u32(0), u32(-239 >>> 0)]));
      await script(socket, () => take(socket, 10));
    });
    undo.push(() => server.close());
    let picture: string | null = null;
    let failed: string | null = null;
    await checkScreen({
      link: createStandInLink(),
      address: { host: "127.0.0.1", port: server.port },
      password: "",
      clock: systemClock,
      signal: new AbortController().signal,
      report: (report) => {
        if (report.kind === "picture") picture = report.picture;
      },
    }).catch((error: unknown) => {
      failed = String(error);
    });
    return { picture, failed };
  }

  it("is black when nothing comes after a black picture: only changes are asked for then", async () => {
    const asked: number[] = [];
    const found = await seen(async (socket, ask) => {
      asked.push((await ask())[1] ?? -1);
      // The pointer alone is no picture; colours, a bell and a clipboard are none either.
      socket.write(Buffer.concat([update(POINTER), Buffer.from([1, 0, 0, 0]), u16(1), Buffer.alloc(6), Buffer.from([2, 3, 0, 0, 0]), rfbText("hello")]));
      socket.write(update(BLACK, POINTER));
      asked.push((await ask())[1] ?? -1);
    });
    expect(found).toEqual({ picture: "black", failed: null });
    expect(asked).toEqual([0, 1]);
  });

  it("is painted when something comes a moment later", async () => {
    const found = await seen(async (socket, ask) => {
      await ask();
      socket.write(update(BLACK));
      await ask();
      socket.write(update(rectangle(0, 0, 20, 20, 0, solid(20, 20, 0xcc))));
      await ask();
      socket.write(update(rectangle(20, 0, 150, 20, 0, solid(150, 20, 0xcc))));
    });
    expect(found).toEqual({ picture: "painted", failed: null });
  });

  it.each([
    ["a picture larger than was asked for", update(rectangle(0, 0, 201, 100, 0, Buffer.alloc(0))), "not asked for"],
    ["one part of it again and again", update(BLACK, rectangle(0, 0, 1, 1, 0, solid(1, 1, 0))), "not asked for"],
    ["a pointer of 60,000 × 60,000", update(rectangle(0, 0, 60_000, 60_000, -239, Buffer.alloc(0))), "not asked for"],
    ["another encoding", update(rectangle(0, 0, 10, 10, 16, u32(0xffff_fff0))), "not asked for"],
    ["a clipboard of 2 GiB", Buffer.concat([Buffer.from([3, 0, 0, 0]), u32(0x7fff_ffff)]), "absurd clipboard"],
    ["an unknown message", Buffer.from([77]), "unknown kind 77"],
  ])("a server that lies with %s is left, and nothing is said of its picture", async (_name, bytes, reason) => {
    const found = await seen(async (socket, ask) => {
      await ask();
      socket.write(bytes);
    });
    expect(found).toEqual({ picture: null, failed: expect.stringContaining(reason) });
  });
});
