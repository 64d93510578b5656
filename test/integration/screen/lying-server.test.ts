import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { deflateSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../support/contract-fixture.ts";
import { missingPeers } from "../../support/peers.ts";
import { buildScreenPage, launchChromium, pageLog, peakOfPages, removeFolder, type ScreenStage, screenStage } from "../../support/screen-stage.ts";
import { type ScriptedServer, scriptedServer, serverInit, take, u32 } from "../../support/scripted-server.ts";
import { standInLink } from "../../support/stand-in-link.ts";

const MiB = 1024 * 1024;
/** What a page may hold at its worst, whatever a server says: a bit over 100 MiB with nothing to show, what a busy machine has not collected yet, never the gigabytes a server can name. */
const PAGE_BYTES = 768 * MiB;
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
    const peak = await peakOfPages(browser);
    for (const step of undo.splice(0).reverse()) await step();
    expect(peak).toBeLessThan(PAGE_BYTES);
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

  /** A thousandth of what it unpacks to. */
  const bomb = (bytes: number) => deflateSync(Buffer.alloc(bytes), { level: 9 });
  it.each([
    ["a size of 65535 × 65535", rectangle(65_535, 65_535, -223 >>> 0), "a size of 65535 × 65535 pixels"],
    ["a size of 16384 × 16384", rectangle(16_384, 16_384, -223 >>> 0), "a size of 16384 × 16384 pixels"],
    ["a size of 0 × 0", rectangle(0, 0, -223 >>> 0), "a size of 0 × 0 pixels"],
    [
      "an extended size of 20000 × 20000",
      Buffer.concat([rectangle(20_000, 20_000, -308 >>> 0), Buffer.from([1, 0, 0, 0]), Buffer.alloc(16)]),
      "a size of 20000 × 20000 pixels",
    ],
    ["a pointer of 8000 × 8000", Buffer.concat([rectangle(8_000, 8_000, -239 >>> 0), Buffer.alloc(1000)]), "a pointer of 8000 × 8000 pixels"],
    [
      "a packed rectangle of 16000 × 16000",
      Buffer.concat([rectangle(16_000, 16_000, 6), u32(64 * 1024), bomb(64 * MiB)]),
      "a rectangle of 16000 × 16000 pixels",
    ],
    ["raw rectangles of 65535 × 65535", rectangle(65_535, 65_535, 0), "a rectangle of 65535 × 65535 pixels"],
  ])("%s: the screen ends with the reason, the window lives", async (_name, bytes, reason) => {
    const { page } = await show((socket) => void socket.write(bytes));
    await ended(page);
    expect((await pageLog(page)).join()).toContain(reason);
    await alive(page);
  });

  it("a name of 4 GiB: what came of it is let go, the window lives", async () => {
    const { page } = await show((socket) => {
      socket.write(Buffer.concat([rectangle(0, 0, -307 >>> 0), u32(0xffff_ffff)]));
      flood(socket, Buffer.alloc(65_536, 65));
    });
    await ended(page);
    await alive(page);
  });

  it("sizes that change without end: the screen ends, the window lives", async () => {
    const { page } = await show((socket) => {
      const sizes = Array.from({ length: 500 }, (_unused, at) => rectangle(4000 - at, 4000 - (at % 7), -223 >>> 0));
      flood(socket, Buffer.concat(sizes), 64 * MiB);
    });
    await ended(page);
    expect((await pageLog(page)).join()).toContain("changes of size within a second");
    await alive(page);
  });

  it("a packed clipboard that nobody asked for and that unpacks to 64 MiB is left out; the next is taken", async () => {
    const provide = (packed: Buffer) => Buffer.concat([Buffer.from([3, 0, 0, 0]), u32(-(packed.length + 4) >>> 0), u32(0x1000_0001), packed]);
    const { page, server } = await show((socket) => {
      socket.write(provide(bomb(64 * MiB)));
      socket.write(Buffer.from([77]));
    });
    await ended(page);
    expect(await pageLog(page)).toContain("clipboard too long");
    await until("the server is let go", () => server.sockets.size === 0);
    await alive(page);
  });

  it("clipboards of 1 MiB without end: memory stays, the window answers and can close it", async () => {
    const { page, server } = await show((socket) => {
      flood(socket, Buffer.concat([Buffer.from([3, 0, 0, 0]), u32(MiB), Buffer.alloc(MiB, 65)]), 32 * MiB);
    });
    await until("it is connected", async () => (await pageLog(page)).includes("connected"), 30_000);
    for (let i = 0; i < 5; i += 1) await alive(page);
    await page.close();
    await until("the server is let go", () => server.sockets.size === 0);
  });

  it("pictures without end: the window stays usable and can close it", async () => {
    const before = held();
    const { page, stage, server } = await show((socket) => {
      socket.write(Buffer.concat([Buffer.from([0, 0]), u16(65_535)]));
      const one = Buffer.concat([u16(0), u16(0), u16(640), u16(480), u32(0), Buffer.alloc(640 * 480 * 4, 3)]);
      // As much as shows that nothing piles up, and not so much that a loaded machine draws it for minutes.
      flood(socket, one, 48 * MiB);
    });
    await until("it is connected", async () => (await pageLog(page)).includes("connected"), 30_000);
    for (let i = 0; i < 5; i += 1) await alive(page);
    // What was read and let go is freed in the background.
    await until("little is held", () => held() - before < 32 * MiB);
    await page.close();
    await until("the server is let go", () => server.sockets.size === 0 && stage.screens.openCount("home", "paper") === 0);
  });
});
