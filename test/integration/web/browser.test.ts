import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import { createSnapshotStore } from "../../../electron/core/snapshot-store.ts";
import { startWebHost, type WebHost } from "../../../electron/web/web-host.ts";
import { createClient, enterSocket } from "../../../shared/rpc.ts";
import { BARE_SNAPSHOT, someHandlers, testDoor, until } from "../../support/contract-fixture.ts";
import { missingPeers, peer } from "../../support/peers.ts";

/** Tries to enter as the renderer would. Runs in the page. */
const tryToEnter = ({ url, token }: { url: string; token: string }) =>
  new Promise<string>((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send(JSON.stringify({ t: "enter", protocol: 1, token }));
    socket.onmessage = (event) => resolve(`in: ${JSON.parse(event.data).t}`);
    socket.onclose = (event) => resolve(`closed: ${event.code}`);
  });

describe.skipIf(missingPeers("chromium").length > 0)("the browser host and a real browser", () => {
  let folder: string;
  let host: WebHost;
  let browser: Browser;
  let foreign: Server;
  let foreignUrl: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatelight-browser-"));
    await writeFile(
      join(folder, "index.html"),
      '<!doctype html><html lang="en"><title>Gatelight</title><script>document.title = "inline ran"</script><p>fine</p></html>',
    );
    host = await startWebHost({
      handlers: someHandlers({}),
      store: createSnapshotStore(BARE_SNAPSHOT, systemClock),
      screens: testDoor().door,
      staticDir: folder,
    });
    foreign = createServer((_request, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><title>foreign</title>"));
    foreign.listen(0, "127.0.0.1");
    await once(foreign, "listening");
    foreignUrl = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`;
    browser = await chromium.launch({
      executablePath: peer("chromium"),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP rebound.example 127.0.0.1",
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    foreign?.closeAllConnections();
    foreign?.close();
    await host?.close();
    await rm(folder, { recursive: true });
  });
  const socketUrl = () => `ws://127.0.0.1:${host.port}/link`;

  it("lets its own page in, runs no inline script, and the token is sent to nobody as part of an address", async () => {
    const page = await browser.newPage();
    const requested: string[] = [];
    page.on("request", (request) => requested.push(request.url()));
    await page.goto(host.url);
    expect(await page.title()).toBe("Gatelight");
    expect(await page.evaluate(tryToEnter, { url: socketUrl(), token: host.token })).toBe("in: hello");
    expect(await page.evaluate(() => isSecureContext)).toBe(true);
    const leaves = await page.evaluate(() =>
      fetch("http://127.0.0.1:9/").then(
        () => "sent",
        () => "blocked",
      ),
    );
    expect(leaves).toBe("blocked");
    await page.close();
    expect(requested.filter((url) => url.includes(host.token) && !url.includes("#"))).toEqual([]);
  });

  it("refuses a page of another origin, even one that knows the token", async () => {
    const page = await browser.newPage();
    await page.goto(foreignUrl);
    expect(await page.evaluate(tryToEnter, { url: socketUrl(), token: host.token })).toBe("closed: 1006");
    const read = await page.evaluate(
      (url) =>
        fetch(url).then(
          (answer) => answer.text(),
          () => "unreadable",
        ),
      `http://127.0.0.1:${host.port}/`,
    );
    expect(read).toBe("unreadable");
    const framed = await page.evaluate(
      (url) =>
        new Promise<boolean>((resolve) => {
          const frame = document.createElement("iframe");
          frame.onload = () => resolve(frame.contentDocument === null);
          frame.src = url;
          document.body.append(frame);
        }),
      `http://127.0.0.1:${host.port}/`,
    );
    expect(framed).toBe(true);
    expect(page.frames()[1]?.url()).not.toContain(String(host.port));
    await page.close();
  });

  it("refuses a name that was rebound to loopback", async () => {
    const page = await browser.newPage();
    const response = await page.goto(`http://rebound.example:${host.port}/`);
    expect(response?.status()).toBe(421);
    expect(await page.content()).not.toContain("fine");
    expect(await page.evaluate(tryToEnter, { url: `ws://rebound.example:${host.port}/link`, token: host.token })).toBe("closed: 1006");
    await page.close();
  });

  it("leaves no handle behind after 100 windows", async () => {
    const round = async () => {
      const client = createClient(await enterSocket(new WebSocket(socketUrl()), host.token));
      await client.ready;
      client.close();
    };
    await round();
    await until("the window is gone", () => host.windows === 0);
    const before = process.getActiveResourcesInfo().length;
    for (let i = 0; i < 100; i += 1) await round();
    await until("all windows are gone", () => host.windows === 0);
    await until("all handles are gone", () => process.getActiveResourcesInfo().length <= before);
  });
});
