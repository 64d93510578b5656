import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../support/contract-fixture.ts";
import { missingPeers } from "../../support/peers.ts";
import { buildScreenPage, launchChromium, pageLog, removeFolder, type ScreenStage, screenStage } from "../../support/screen-stage.ts";
import { type ScriptedServer, scriptedServer, serverInit, take, u32 } from "../../support/scripted-server.ts";
import { standInLink } from "../../support/stand-in-link.ts";

const MiB = 1024 * 1024;
const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
/** FramebufferUpdate with one rectangle's head. */
const rectangle = (width: number, height: number, encoding: number) =>
  Buffer.concat([Buffer.from([0, 0]), u16(1), u16(0), u16(0), u16(width), u16(height), u32(encoding)]);

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");
/** Bytes that this process really holds. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Sends that chunk again and again as fast as it is taken, up to a limit. @returns how much was written so far */
function flood(socket: Socket, chunk: Buffer, limit = 1024 * MiB): { written: () => number } {
  let written = 0;
  const more = () => {
    let room = true;
    while (room && !socket.destroyed && written < limit) {
      room = socket.write(chunk);
      written += chunk.length;
    }
  };
  socket.on("drain", more);
  more();
  return { written: () => written };
}

describe.skipIf(missingPeers("chromium").length > 0)("a screen server that lies, in a real browser", () => {
  let staticDir: string;
  let browser: Browser;
  const undo: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    [staticDir, browser] = await Promise.all([buildScreenPage(), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await removeFolder(staticDir);
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  /** A server that is truthful up to ServerInit and then does what the test says. */
  async function show(lie: (socket: Socket) => void): Promise<{ page: Page; stage: ScreenStage; server: ScriptedServer }> {
    const server = await scriptedServer(async (socket) => {
      socket.write("RFB 003.008\n");
      await take(socket, 12);
      socket.write(Buffer.from([1, 1]));
      await take(socket, 1);
      socket.write(u32(0));
      await take(socket, 1);
      socket.write(serverInit({ name: "liar" }));
      socket.resume();
      lie(socket);
    });
    undo.push(() => server.close());
    const stage = await screenStage({ link: standInLink().link, staticDir, ports: { paper: server.port }, passwords: {} });
    undo.push(() => stage.dispose());
    const page = await browser.newPage();
    undo.push(() => page.close());
    await page.goto(stage.host.url);
    return { page, stage, server };
  }
  const ended = (page: Page) => until("the viewer is disconnected", async () => (await pageLog(page)).some((line) => line.startsWith("disconnected")), 30_000);
  /** The page still answers, and so does Core to it. */
  const alive = async (page: Page) => {
    expect(await page.evaluate(() => 6 * 7)).toBe(42);
    expect((await pageLog(page)).some((line) => line.startsWith("link closed"))).toBe(false);
  };

  it.each([
    ["a clipboard of 4 GiB", Buffer.concat([Buffer.from([3, 0, 0, 0]), u32(0x7fff_ffff)])],
    ["a zlib rectangle of 4 GiB", Buffer.concat([rectangle(640, 480, 6), u32(0xffff_fff0)])],
    ["a ZRLE rectangle of 2 GiB", Buffer.concat([rectangle(640, 480, 16), u32(0x7fff_fff0)])],
  ])("%s: the screen ends, the window lives, memory stays", async (_name, head) => {
    const before = held();
    let sent = () => 0;
    const { page, stage, server } = await show((socket) => {
      socket.write(head);
      sent = flood(socket, Buffer.alloc(65_536, 1)).written;
    });
    await ended(page);
    await alive(page);
    await until("the server is let go", () => server.sockets.size === 0 && stage.screens.openCount("home", "paper") === 0);
    // noVNC holds 40 MiB at most; the rest are socket buffers.
    expect(sent()).toBeLessThan(80 * MiB);
    await until("little is held", () => held() - before < 16 * MiB);
  });

  it.each([
    ["an unknown message", Buffer.from([77, 1, 2, 3])],
    ["an unknown encoding", rectangle(10, 10, 1234)],
    ["a Tight rectangle of nonsense", Buffer.concat([rectangle(640, 480, 7), Buffer.alloc(2000, 0xff)])],
    ["a broken zlib stream", Buffer.concat([rectangle(640, 480, 16), u32(500), Buffer.alloc(500, 0xaa)])],
  ])("%s: the screen ends and the window lives", async (_name, bytes) => {
    const { page, stage } = await show((socket) => void socket.write(bytes));
    await ended(page);
    await alive(page);
    await until("it is forgotten", () => stage.screens.openCount("home", "paper") === 0);
  });

  it("rectangles of 65535 × 65535 without end: the window stays usable and can close it", async () => {
    const before = held();
    const { page, stage, server } = await show((socket) => {
      socket.write(rectangle(65_535, 65_535, 0));
      // As much as shows that nothing piles up, and not so much that a loaded machine draws it for minutes.
      flood(socket, Buffer.alloc(65_536, 3), 48 * MiB);
    });
    await until("it is connected", async () => (await pageLog(page)).includes("connected"), 30_000);
    for (let i = 0; i < 5; i += 1) await alive(page);
    // What was read and let go is freed in the background.
    await until("little is held", () => held() - before < 32 * MiB);
    await page.close();
    await until("the server is let go", () => server.sockets.size === 0 && stage.screens.openCount("home", "paper") === 0);
  });
});
