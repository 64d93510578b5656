import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { Route, ScreenFact } from "../../../electron/core/diagnosis/evidence.ts";
import { DialError } from "../../../electron/core/host-link/host-link.ts";
import { createScreenProbe, probeScreen } from "../../../electron/core/probes/screen-probe.ts";
import { createStandInLink } from "../../support/local-stand-in.ts";
import { missingPeers, peer } from "../../support/peers.ts";

const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const step of cleanup.splice(0)) step();
});
const route = (port: number): Route => ({ host: "127.0.0.1", port, by: "published", containerPort: 5900, through: "direct" });
const portOf = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
    cleanup.push(() => server.close());
  });
const serve = (talk: (socket: Socket) => void) =>
  portOf(
    createServer((socket) => {
      cleanup.push(() => socket.destroy());
      socket.on("error", () => {});
      talk(socket);
    }),
  );
const probe = (port: number) => probeScreen(createStandInLink(), route(port), systemClock);

describe("the screen's greeting", () => {
  it("is read in pieces, and not a byte of ours is sent", async () => {
    let received = 0;
    const ended = Promise.withResolvers<void>();
    const port = await serve((socket) => {
      socket.on("data", (data) => {
        received += data.length;
      });
      socket.on("close", () => ended.resolve());
      socket.write("RFB 003");
      setImmediate(() => socket.write(".008\n"));
    });
    expect(await probe(port)).toEqual({ kind: "answers", version: "003.008", login: "not-tried", picture: null });
    await ended.promise;
    expect(received).toBe(0);
  });
  it("tells what else may be there", async () => {
    expect(await probe(await serve((socket) => socket.end()))).toMatchObject({ kind: "closed" });
    expect(await probe(await serve((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")))).toMatchObject({
      kind: "wrong-service",
      detail: expect.stringContaining("SSH-2.0"),
    });
    const gone = createServer();
    const port = await portOf(gone);
    await new Promise((resolve) => gone.close(resolve));
    expect(await probe(port)).toMatchObject({ kind: "refused" });
    expect(await probeScreen(createStandInLink(), null, systemClock)).toMatchObject({ kind: "no-route" });
  });
  it("tells silence and a server that forbids forwarding", async () => {
    const instant = {
      now: () => 0,
      after: (_ms: number, run: () => void) => {
        setImmediate(run);
        return () => {};
      },
    };
    const port = await serve(() => {});
    expect(await probeScreen(createStandInLink(), route(port), instant)).toMatchObject({ kind: "silent" });
    const dial = (reason: DialError["reason"]) => ({ dial: () => Promise.reject(new DialError(reason, "no")) });
    expect(await probeScreen(dial("forbidden"), route(1), systemClock)).toMatchObject({ kind: "forbidden" });
    expect(await probeScreen(dial("timeout"), route(1), systemClock)).toMatchObject({ kind: "silent" });
    expect(await probeScreen(dial("link-down"), route(1), systemClock)).toBeNull();
  });
  it("is left alone while a person's session is open, and looked at once when asked twice", async () => {
    let greeted = 0;
    const port = await serve((socket) => {
      greeted++;
      socket.write("RFB 003.008\n");
    });
    let open = true;
    const facts: ScreenFact[] = [];
    const link = createStandInLink();
    const screen = createScreenProbe({
      link,
      clock: systemClock,
      route: () => route(port),
      sessionOpen: () => open,
      look: async () => false,
      onFact: (fact) => facts.push(fact),
    });
    cleanup.push(() => screen.dispose());
    screen.start();
    await Promise.resolve();
    expect(greeted).toBe(0);
    open = false;
    screen.probeNow();
    screen.probeNow();
    await expect.poll(() => facts.length, { timeout: 10_000 }).toBe(1);
    expect(greeted).toBe(1);
  });
});

describe.skipIf(missingPeers("Xtigervnc").length > 0)("a real screen", () => {
  it("answers a dozen greetings in a row without being put off", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gatelight-vnc-"));
    const holder = createServer();
    const port = await portOf(holder);
    await new Promise((resolve) => holder.close(resolve));
    const display = 200 + (process.pid % 700);
    const server = spawn(peer("Xtigervnc"), [`:${display}`, "-geometry", "320x200", "-localhost=1", "-rfbport", String(port), "-SecurityTypes", "None"], {
      stdio: "ignore",
      env: { ...process.env, HOME: dir },
    });
    cleanup.push(() => {
      server.kill("SIGTERM");
      rmSync(dir, { recursive: true, force: true });
    });
    await expect.poll(async () => (await probe(port))?.kind, { timeout: 20_000, interval: 100 }).toBe("answers");
    const seen = new Set<string | undefined>();
    for (let round = 0; round < 4; round++) seen.add((await probe(port))?.kind);
    expect([...seen]).toEqual(["answers"]);
  });
});
