import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { Route, ScreenFact } from "../../../electron/core/diagnosis/evidence.ts";
import { DialError } from "../../../electron/core/host-link/host-link.ts";
import { greetScreen } from "../../../electron/core/probes/screen-greeting.ts";
import { createScreenProbe } from "../../../electron/core/probes/screen-probe.ts";
import { createStandInLink } from "../../support/local-stand-in.ts";

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
const probe = (port: number) => greetScreen(createStandInLink(), route(port), systemClock);

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
    expect(await greetScreen(createStandInLink(), null, systemClock)).toMatchObject({ kind: "no-route" });
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
    expect(await greetScreen(createStandInLink(), route(port), instant)).toMatchObject({ kind: "silent" });
    const dial = (reason: DialError["reason"]) => ({ dial: () => Promise.reject(new DialError(reason, "no")) });
    expect(await greetScreen(dial("forbidden"), route(1), systemClock)).toMatchObject({ kind: "forbidden" });
    expect(await greetScreen(dial("timeout"), route(1), systemClock)).toMatchObject({ kind: "silent" });
    expect(await greetScreen(dial("link-down"), route(1), systemClock)).toBeNull();
  });
  it("is not asked for while a person's session is open, and once when asked for twice", async () => {
    let greeted = 0;
    const port = await serve((socket) => {
      greeted++;
      socket.write("RFB 003.008\n");
    });
    let open = true;
    const facts: ScreenFact[] = [];
    const screen = createScreenProbe({
      link: createStandInLink(),
      clock: systemClock,
      route: () => route(port),
      sessionOpen: () => open,
      signs: () => ({ listens: true, countsNone: true, stopped: null, stalled: false }),
      look: async () => "not-heard",
      onFact: (fact) => facts.push(fact),
    });
    cleanup.push(() => screen.dispose());
    screen.start();
    await expect.poll(() => facts).toEqual([{ kind: "listens", detail: "A viewer of Gatelight is connected to it." }]);
    expect(greeted).toBe(0);
    open = false;
    screen.probeNow();
    screen.probeNow();
    await expect.poll(() => facts.length, { timeout: 10_000 }).toBe(2);
    expect(greeted).toBe(1);
  });
  it("is asked for at once when the way there is known again, however recently it answered", async () => {
    const port = await serve((socket) => socket.write("RFB 003.008\n"));
    let there = true;
    const kinds: string[] = [];
    const screen = createScreenProbe({
      link: createStandInLink(),
      clock: systemClock,
      route: () => (there ? route(port) : null),
      sessionOpen: () => false,
      signs: () => ({ listens: there ? true : null, countsNone: true, stopped: null, stalled: false }),
      look: async () => "not-heard",
      onFact: (fact) => kinds.push(fact.kind),
    });
    cleanup.push(() => screen.dispose());
    screen.start();
    await expect.poll(() => kinds, { timeout: 10_000 }).toEqual(["answers"]);
    there = false;
    screen.probeNow(true);
    await expect.poll(() => kinds, { timeout: 10_000 }).toEqual(["answers", "no-route"]);
    there = true;
    screen.probeNow();
    await expect.poll(() => kinds, { timeout: 10_000 }).toEqual(["answers", "no-route", "answers"]);
  });
});
