import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket as WsClient } from "ws";
import { systemClock } from "../../electron/core/clock.ts";
import { createSnapshotStore } from "../../electron/core/snapshot-store.ts";
import { pathParts } from "../../electron/web/static-files.ts";
import { startWebHost, type WebHost } from "../../electron/web/web-host.ts";
import { createClient, enterSocket, PROTOCOL } from "../../shared/rpc.ts";
import { BARE_SNAPSHOT, someHandlers, testDoor, until } from "../support/contract-fixture.ts";

let folder: string;
let staticDir: string;
let host: WebHost;
let called = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatelight-web-"));
  staticDir = join(folder, "dist");
  await mkdir(join(staticDir, "assets"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "outside");
  await writeFile(join(staticDir, "index.html"), "<!doctype html><title>Gatelight</title>");
  await writeFile(join(staticDir, "assets", "app-1a2b.js"), "export {};");
  await writeFile(join(staticDir, ".hidden.txt"), "hidden");
  await writeFile(join(staticDir, "program.exe"), "MZ");
  await symlink(join(folder, "secret.txt"), join(staticDir, "link.txt"));
  host = await startWebHost({
    handlers: someHandlers({
      "look.now": async () => {
        called += 1;
        return null;
      },
    }),
    store: createSnapshotStore(BARE_SNAPSHOT, systemClock),
    screens: testDoor().door,
    staticDir,
    admissionMs: 300,
  });
});
afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

const sockets: WsClient[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await until("the windows are gone", () => host.windows === 0);
});

/** A request whose path and headers go out exactly as given. */
async function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  const sent = request({ host: "127.0.0.1", port: host.port, path, method, headers: { Host: `127.0.0.1:${host.port}`, ...headers }, agent: false });
  sent.end();
  const [response] = await once(sent, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

/** Opens a WebSocket as a client that may lie in every header. @returns the refusal's status, or the open socket */
function dial(headers: Record<string, string> = {}, path = "/link"): Promise<WsClient | number> {
  const socket = new WsClient(`ws://127.0.0.1:${host.port}${path}`, { headers });
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.on("open", () => resolve(socket));
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("error", () => resolve(0));
  });
}
async function opened(headers: Record<string, string> = {}): Promise<WsClient> {
  const socket = await dial(headers);
  if (typeof socket === "number") throw new Error(`refused with ${socket}`);
  return socket;
}
const closeCode = async (socket: WsClient): Promise<number> => (await once(socket, "close"))[0];
const enter = (token: string) => JSON.stringify({ t: "enter", protocol: PROTOCOL, token });

describe("the browser host", () => {
  it("listens on 127.0.0.1 alone", async () => {
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address !== undefined && !address.internal && address.family === "IPv4");
    for (const other of others) {
      const socket = connect({ host: other?.address, port: host.port });
      const outcome = await new Promise((resolve) => socket.on("connect", () => resolve("connected")).on("error", () => resolve("refused")));
      socket.destroy();
      expect(outcome).toBe("refused");
    }
  });

  it("makes a token of 32 random bytes, shown in the fragment only, and another one each time", async () => {
    expect(host.url).toBe(`http://127.0.0.1:${host.port}/#token=${host.token}`);
    expect(Buffer.from(host.token, "base64url")).toHaveLength(32);
    const second = await startWebHost({
      handlers: someHandlers({}),
      store: createSnapshotStore(BARE_SNAPSHOT, systemClock),
      screens: testDoor().door,
      staticDir,
    });
    expect(second.token).not.toBe(host.token);
    await second.close();
  });

  it("serves the page with strict headers", async () => {
    const page = await get("/");
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining("Gatelight") });
    expect(page.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "x-frame-options": "DENY",
    });
    const policy = String(page.headers["content-security-policy"]).split("; ");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy.join()).not.toMatch(/unsafe|\*/);
    expect(page.headers["access-control-allow-origin"]).toBeUndefined();
    const script = await get("/assets/app-1a2b.js");
    expect(script.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(script.headers["content-security-policy"]).toBeDefined();
    expect((await get("/", {}, "HEAD")).body).toBe("");
  });

  it.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/%252e%252e/secret.txt",
    "/assets/..%00/secret.txt",
    "/link.txt",
    "/.hidden.txt",
    "/program.exe",
    "//127.0.0.1/index.html",
    "/assets",
    "/assets/",
    "/C:/secret.txt",
    "/%ff",
    "http://127.0.0.1/index.html",
    `/${"a".repeat(5000)}.txt`,
  ])("does not serve %s", async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(answer.body).toBe("Not found.\n");
  });
  it("knows plain paths from others", () => {
    expect(pathParts("/")).toEqual(["index.html"]);
    expect(pathParts("/a%20b/c.js?x=1")).toEqual(["a b", "c.js"]);
    expect(pathParts("*")).toBeNull();
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("refuses %s", async (method) => {
    expect((await get("/", {}, method)).status).toBe(405);
  });

  it.each(["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:PORT.evil.example", "0.0.0.0:PORT", "127.0.0.2:PORT"])(
    "refuses the Host %s, for pages and sockets, even with an Origin to match",
    async (name) => {
      const lie = name.replace("PORT", String(host.port));
      expect((await get("/", { Host: lie })).status).toBe(421);
      expect(await dial({ Host: lie, Origin: `http://${lie}` })).toBe(421);
    },
  );
  it.each(["localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT"])("knows itself as %s", async (name) => {
    expect((await get("/", { Host: name.replace("PORT", String(host.port)) })).status).toBe(200);
  });

  it.each(["http://evil.example", "https://127.0.0.1:PORT", "http://127.0.0.1:PORT.evil.example", "http://127.0.0.1", "null", "http://127.0.0.1:1", ""])(
    "refuses a socket whose Origin is %j",
    async (origin) => {
      expect(await dial({ Origin: origin.replace("PORT", String(host.port)) })).toBe(403);
    },
  );
  it("refuses sockets on other paths", async () => {
    expect(await dial({}, "/other")).toBe(404);
    expect(await dial({}, `/link?token=${host.token}`)).toBe(404);
  });

  it.each([
    ["a wrong token", () => enter("A".repeat(43))],
    ["a token cut short", () => enter(host.token.slice(0, -1))],
    ["no token", () => JSON.stringify({ t: "enter", protocol: PROTOCOL })],
    ["a call before the token", () => JSON.stringify({ t: "call", id: 1, name: "look.now", input: { server: "a", gateway: "b" } })],
    ["an unknown key beside the token", () => JSON.stringify({ t: "enter", protocol: PROTOCOL, token: host.token, more: 1 })],
    ["bytes", () => Buffer.from(host.token)],
    ["a huge first frame", () => `"${"x".repeat(100_000)}"`],
  ])("closes with 4401 on %s, and calls nothing", async (_name, first) => {
    const socket = await opened({ Origin: `http://127.0.0.1:${host.port}` });
    let received = 0;
    socket.on("message", () => {
      received += 1;
    });
    const code = closeCode(socket);
    socket.send(first());
    socket.send(JSON.stringify({ t: "call", id: 1, name: "look.now", input: { server: "a", gateway: "b" } }));
    expect(await code).toBe(4401);
    expect(received).toBe(0);
    expect(called).toBe(0);
  });

  it("drops a socket that shows no token in time", async () => {
    expect(await closeCode(await opened())).toBe(4401);
  });

  it("closes a window of another version with words", async () => {
    const socket = await opened();
    const closed = once(socket, "close");
    socket.send(JSON.stringify({ t: "enter", protocol: PROTOCOL + 1, token: host.token }));
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4400, expect.stringContaining("reload")]);
  });

  it("lets in whoever shows the token, with its own Origin or none", async () => {
    const cases: Record<string, string>[] = [{}, { Origin: `http://localhost:${host.port}` }];
    for (const headers of cases) {
      const socket = await opened(headers);
      const first = once(socket, "message");
      socket.send(enter(host.token));
      expect(JSON.parse(String((await first)[0]))).toMatchObject({ t: "hello", protocol: PROTOCOL });
    }
    expect(host.windows).toBe(2);
  });

  it("never shows the token to a window, and closes a frame beyond any limit", async () => {
    const socket = await opened();
    const received: string[] = [];
    socket.on("message", (data) => received.push(String(data)));
    socket.send(enter(host.token));
    await until("the state came", () => received.length >= 2);
    expect(received.join()).not.toContain(host.token);
    const code = closeCode(socket);
    socket.send("x".repeat(3 * 1024 * 1024));
    expect(await code).toBe(1009);
  });

  it("bounds strangers and windows", async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => dial()));
    expect(outcomes.filter((outcome) => outcome === 503).length).toBeGreaterThanOrEqual(4);
    await Promise.all(sockets.filter((socket) => socket.readyState === WsClient.OPEN).map(closeCode));
    for (let i = 0; i < 16; i += 1) {
      const socket = await opened();
      const hello = once(socket, "message");
      socket.send(enter(host.token));
      await hello;
    }
    expect(host.windows).toBe(16);
    const extra = await opened();
    const code = closeCode(extra);
    extra.send(enter(host.token));
    expect(await code).toBe(4429);
  });

  it("works through the renderer's own client, and ends it with a reason at close", async () => {
    const own = await startWebHost({
      handlers: someHandlers({ "report.create": async () => ({ text: "fine" }) }),
      store: createSnapshotStore(BARE_SNAPSHOT, systemClock),
      screens: testDoor().door,
      staticDir,
    });
    const client = createClient(await enterSocket(new WebSocket(`ws://127.0.0.1:${own.port}/link`), own.token));
    expect(await client.ready).toMatchObject({ light: "unknown" });
    expect(await client.call("report.create", { showNames: false })).toEqual({ text: "fine" });
    const why = new Promise((resolve) => client.onClose(resolve));
    await own.close();
    expect(await why).toEqual({ code: 1001, reason: "Gatelight was closed" });
    const refused = createClient(await enterSocket(new WebSocket(`ws://127.0.0.1:${host.port}/link`), "wrong-token"));
    await expect(refused.ready).rejects.toMatchObject({ code: 4401 });
  });

  it("says plainly that a port is taken", async () => {
    const taken = startWebHost({
      handlers: someHandlers({}),
      store: createSnapshotStore(BARE_SNAPSHOT, systemClock),
      screens: testDoor().door,
      staticDir,
      port: host.port,
    });
    await expect(taken).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
