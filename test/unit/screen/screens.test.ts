import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { HostAddress, HostLink, LinkState } from "../../../electron/core/host-link/host-link.ts";
import type { PromptOutcome, PromptRequest } from "../../../electron/core/prompts.ts";
import type { ScreenPorts, ScreenReport } from "../../../electron/core/screen/screen-ports.ts";
import { createScreens } from "../../../electron/core/screen/screens.ts";
import { vncResponse } from "../../../electron/core/screen/vnc-response.ts";
import { secretKey } from "../../../electron/core/secrets/secret-store.ts";
import { createSnapshotStore } from "../../../electron/core/snapshot-store.ts";
import type { ScreenProgress } from "../../../shared/contract.ts";
import { createClient, LIMITS, portPipe, serveLink } from "../../../shared/rpc.ts";
import { BARE_SNAPSHOT, someHandlers, until } from "../../support/contract-fixture.ts";
import { rfbText, type ScriptedServer, scriptedServer, serverInit, take, u32 } from "../../support/scripted-server.ts";
import { standInLink } from "../../support/stand-in-link.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const CHALLENGE = Buffer.from("fedcba9876543210");
/** A server with that password (or none), which then does what `after` says. */
function vncServer(password: string | null, after: (socket: Socket) => void | Promise<void> = () => {}): Promise<ScriptedServer> {
  return scriptedServer(async (socket) => {
    socket.write("RFB 003.008\n");
    await take(socket, 12);
    socket.write(Buffer.from([1, password === null ? 1 : 2]));
    await take(socket, 1);
    if (password !== null) {
      socket.write(CHALLENGE);
      if (!vncResponse(password, CHALLENGE).equals(await take(socket, 16))) return void socket.end(Buffer.concat([u32(1), rfbText("Authentication failure")]));
    }
    socket.write(u32(0));
    await take(socket, 1);
    socket.write(serverInit({ name: "paper" }));
    await after(socket);
  });
}

interface Setting {
  readonly server?: ScriptedServer;
  readonly address?: HostAddress | null;
  readonly answers?: readonly PromptOutcome[];
  readonly stored?: string;
  readonly state?: LinkState;
  readonly ports?: Partial<ScreenPorts>;
}
function stage(setting: Setting) {
  const prompts: PromptRequest[] = [];
  const reports: ScreenReport[] = [];
  const secrets = new Map<string, string>();
  const name = { kind: "vnc-password", server: "home", gateway: "paper" } as const;
  if (setting.stored !== undefined) secrets.set(secretKey(name), setting.stored);
  const answers = [...(setting.answers ?? [])];
  const standIn = standInLink(setting.state);
  const screens = createScreens({
    link: (server) => (server === "home" ? standIn.link : null),
    address: async () => (setting.address === undefined ? { host: "127.0.0.1", port: setting.server?.port ?? 1 } : setting.address),
    secrets: {
      backend: { persistent: false, name: "memory", detail: "" },
      get: async (secret) => secrets.get(secretKey(secret)) ?? null,
      set: async (secret, value) => void secrets.set(secretKey(secret), value),
      forget: async (secret) => void secrets.delete(secretKey(secret)),
    },
    prompts: {
      async ask(request) {
        prompts.push(request);
        return answers.shift() ?? { kind: "nobody" };
      },
    },
    nameOf: () => "Paper",
    report: (_server, _gateway, report) => reports.push(report),
    ...setting.ports,
  });
  const progress: ScreenProgress[] = [];
  screens.onProgress("link-1", (one) => progress.push(one));
  cleanups.push(() => screens.dispose());
  if (setting.server !== undefined) cleanups.push(() => setting.server?.close());
  const open = (screen = "s1", signal: AbortSignal = new AbortController().signal, link = "link-1") =>
    screens.open({ server: "home", gateway: "paper", screen }, { signal, link });
  return { screens, open, prompts, reports, progress, ...standIn, kept: () => secrets.get(secretKey(name)) };
}
const answered = (password: string, remember = false): PromptOutcome => ({ kind: "answered", answer: { values: { password }, remember } });
const failure = (kind: string) => ({ name: "CallError", faults: [kind] });

/** A viewer on a real link. */
function viewer(screens: ReturnType<typeof stage>["screens"], linkId = "link-1") {
  const { port1, port2 } = new MessageChannel();
  const link = serveLink(portPipe(port1), { handlers: someHandlers({}), store: createSnapshotStore(BARE_SNAPSHOT, systemClock), screens, linkId });
  const client = createClient(portPipe(port2), { pingMs: 0 });
  cleanups.push(async () => {
    client.close();
    await link.closed;
  });
  return client;
}
const SAYS = Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([1, 1])]);
const HEARS = Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([1, 1]), u32(0), serverInit({ name: "paper" })]);

describe("one click to the screen", () => {
  it("goes through its steps, tells each, and hurries the link meanwhile", async () => {
    const { open, progress, log, reports } = stage({ server: await vncServer(null) });
    const opened = await open();
    expect(opened).toMatchObject({ screen: "s1", desktopName: "paper", viewers: 1 });
    expect(Buffer.from(opened.ticket, "base64url")).toHaveLength(32);
    expect([...new Set(progress.map((one) => one.step))]).toEqual(["server", "address", "dial", "login", "picture"]);
    expect(progress.at(-1)).toEqual({ screen: "s1", step: "picture", detail: "paper", failure: null });
    expect(log[0]).toBe("hurry");
    expect(log.at(-1)).toBe("relax");
    expect(reports).toEqual([{ kind: "login", version: "3.8", login: "accepted" }]);
  });

  it("carries bytes both ways, early ones too, and says when the server goes", async () => {
    const heard: string[] = [];
    const server = await vncServer(null, async (socket) => {
      socket.write("early picture");
      heard.push(String(await take(socket, 5)));
      socket.end("last words");
    });
    const { screens, open, progress } = stage({ server });
    const { ticket } = await open();
    const client = viewer(screens);
    const channel = client.attach(ticket);
    const seen: Buffer[] = [];
    const ended = new Promise<string>((resolve) => channel.onEnd(resolve));
    const order: string[] = [];
    client.onProgress((one) => order.push(one.failure?.kind ?? one.step));
    channel.onEnd(() => order.push("end"));
    channel.onData((bytes) => {
      seen.push(Buffer.from(bytes));
      channel.grant(bytes.length);
    });
    await channel.write(Buffer.concat([SAYS, Buffer.from("click")]));
    expect(await ended).toBe("the screen's server closed the connection");
    expect(Buffer.concat(seen)).toEqual(Buffer.concat([HEARS, Buffer.from("early picturelast words")]));
    expect(heard).toEqual(["click"]);
    expect(progress.at(-1)).toMatchObject({ failure: { kind: "closed" } });
    expect(order).toEqual(["closed", "end"]);
    expect(screens.openCount("home", "paper")).toBe(0);
  });

  it("closes the server's connection when the viewer, the window or a call ends the screen", async () => {
    const server = await vncServer(null);
    const { screens, open, progress } = stage({ server });
    const client = viewer(screens);
    for (const how of ["viewer", "call", "window"] as const) {
      const { ticket } = await open(how);
      const channel = client.attach(ticket);
      await channel.write(SAYS);
      await until("it is attached", () => screens.openCount("home", "paper") === 1 && server.sockets.size === 1);
      if (how === "viewer") channel.end("closed by the viewer");
      else if (how === "call") screens.close(how, "link-1");
      else client.close();
      await until(`the server sees the end by the ${how}`, () => server.sockets.size === 0);
      await until("it is forgotten", () => screens.openCount("home", "paper") === 0);
    }
    expect(progress.filter((one) => one.failure !== null)).toEqual([]);
  });

  it("counts the viewers of a gateway", async () => {
    const { open, screens } = stage({ server: await vncServer(null) });
    expect((await open("a")).viewers).toBe(1);
    expect((await open("b", new AbortController().signal, "link-2")).viewers).toBe(2);
    expect(screens.openCount("home", "paper")).toBe(2);
    await expect(open("a")).rejects.toMatchObject({ message: expect.stringContaining("open already") });
  });

  it("tells of viewers of other programs, as the server's sockets show them, once each time", async () => {
    let clients = 0;
    const { open, screens, progress } = stage({ server: await vncServer(null), ports: { clients: () => clients } });
    expect((await open("a")).viewers).toBe(1);
    const told = () => progress.flatMap(({ viewers }) => viewers ?? []);
    screens.recount();
    expect(told()).toEqual([]);
    for (const seen of [1, 2, 2, 1]) {
      clients = seen;
      screens.recount();
    }
    expect(told()).toEqual([2, 1]);
    clients = 2;
    expect((await open("b", new AbortController().signal, "link-2")).viewers).toBe(2);
  });

  describe("its ticket", () => {
    const quiet = { write: async () => true, onData() {}, grant() {}, onEnd() {}, end() {}, id: 1, ended: false };
    it("works once, for the link it was made for", async () => {
      const { open, screens } = stage({ server: await vncServer(null) });
      const { ticket } = await open();
      expect(() => screens.attach(ticket, "link-2", quiet)).toThrow("not valid");
      expect(() => screens.attach("x", "link-1", quiet)).toThrow("not valid");
      screens.attach(ticket, "link-1", quiet);
      expect(() => screens.attach(ticket, "link-1", quiet)).toThrow("not valid");
    });
    it("expires, and the server's connection with it", async () => {
      const server = await vncServer(null);
      const { open, screens, progress } = stage({ server, ports: { deadlines: { ticket: 40 } } });
      const { ticket } = await open();
      await until("the server sees the end", () => server.sockets.size === 0);
      expect(progress.at(-1)).toMatchObject({ failure: { kind: "closed", message: "no viewer came for the screen" } });
      expect(() => screens.attach(ticket, "link-1", quiet)).toThrow("not valid");
    });
  });

  describe("the password", () => {
    it("comes from the store, unseen by anyone", async () => {
      const { open, prompts, progress } = stage({ server: await vncServer("swordfish"), stored: "swordfish" });
      const opened = await open();
      expect(prompts).toEqual([]);
      expect(JSON.stringify([opened, progress])).not.toContain("swordfis");
    });
    it("comes from the environment before the store", async () => {
      const { open, prompts } = stage({ server: await vncServer("given"), stored: "stored", ports: { givenPassword: () => "given" } });
      await open();
      expect(prompts).toEqual([]);
    });
    it("is asked for once when missing, on a fresh connection, and kept if wished", async () => {
      const server = await vncServer("swordfish");
      const { open, prompts, kept, reports } = stage({ server, answers: [answered("swordfish", true)] });
      await open();
      expect(prompts).toHaveLength(1);
      expect(prompts[0]).toMatchObject({
        kind: "vnc-password",
        canRemember: true,
        detail: expect.stringContaining("first 8 characters"),
        fields: [{ secret: true }],
      });
      expect(server.connections).toBe(2);
      expect(kept()).toBe("swordfish");
      expect(reports).toEqual([{ kind: "login", version: "3.8", login: "accepted" }]);
    });
    it("is not kept unless wished", async () => {
      const { open, kept } = stage({ server: await vncServer("swordfish"), answers: [answered("swordfish")] });
      await open();
      expect(kept()).toBeUndefined();
    });
    it("is asked for once when the kept one is refused, and not tried again at the next click", async () => {
      const server = await vncServer("right");
      const { open, prompts, reports } = stage({ server, stored: "wrong", answers: [{ kind: "dismissed" }, answered("right")] });
      await expect(open("a")).rejects.toMatchObject(failure("password-missing"));
      await open("b");
      expect(prompts.map((one) => one.detail)).toEqual([expect.stringContaining("not accepted"), expect.stringContaining("not accepted")]);
      expect(reports.map((one) => one.kind === "login" && one.login)).toEqual(["refused", "accepted"]);
    });
    it("that was answered and accepted is asked for no more while Gatelight runs, until it is refused", async () => {
      let right = "first";
      const server = await scriptedServer(async (socket) => {
        socket.write("RFB 003.008\n");
        await take(socket, 12);
        socket.write(Buffer.from([1, 2]));
        await take(socket, 1);
        socket.write(CHALLENGE);
        if (!vncResponse(right, CHALLENGE).equals(await take(socket, 16))) return void socket.end(Buffer.concat([u32(1), rfbText("no")]));
        socket.write(u32(0));
        await take(socket, 1);
        socket.write(serverInit({ name: "paper" }));
      });
      const { open, screens, prompts, reports, kept } = stage({ server, stored: "old", answers: [answered("first"), answered("second")] });
      await open("a");
      await open("b");
      expect([prompts.length, kept()]).toEqual([1, "old"]);
      right = "second";
      await open("c");
      await open("d");
      expect(prompts).toHaveLength(2);
      expect(prompts[1]?.detail).toContain("not accepted");
      const told = reports.map((one) => one.kind === "login" && one.login);
      expect(told).toEqual(["refused", "accepted", "accepted", "refused", "accepted", "accepted"]);
      screens.forgetPassword("home", "paper");
      await expect(open("e")).rejects.toMatchObject(failure("password-missing"));
      expect(prompts).toHaveLength(3);
    });
    it("is not asked for in a loop", async () => {
      const server = await vncServer("right");
      const { open, prompts, reports, kept } = stage({ server, answers: [answered("wrong", true), answered("right")] });
      await expect(open()).rejects.toMatchObject(failure("password-wrong"));
      expect(prompts).toHaveLength(1);
      expect(server.connections).toBe(2);
      expect(kept()).toBeUndefined();
      expect(reports[0]).toEqual({ kind: "login", version: "3.8", login: "refused" });
    });
    it.each([{ kind: "dismissed" }, { kind: "expired" }, { kind: "nobody" }] as const)("missing is said when the prompt is $kind", async (outcome) => {
      const { open } = stage({ server: await vncServer("right"), answers: [outcome] });
      await expect(open()).rejects.toMatchObject(failure("password-missing"));
    });
    it("is asked for when the keychain cannot be read, and the screen opens when it cannot be written", async () => {
      const broken = {
        backend: { persistent: true, name: "keychain", detail: "" },
        get: () => Promise.reject(new Error("locked")),
        set: () => Promise.reject(new Error("locked")),
        forget: () => Promise.reject(new Error("locked")),
      };
      const { open, prompts, progress } = stage({ server: await vncServer("right"), answers: [answered("right", true)], ports: { secrets: broken } });
      await open();
      expect(prompts[0]?.detail).toContain("could not be read (locked)");
      expect(progress.some((one) => one.detail.includes("could not be kept"))).toBe(true);
    });
  });

  describe("what goes wrong", () => {
    const closedPort = async () => {
      const server = await scriptedServer(() => {});
      await server.close();
      return { host: "127.0.0.1", port: server.port };
    };
    it("nothing listens", async () => {
      const { open, progress, reports } = stage({ address: await closedPort() });
      await expect(open()).rejects.toMatchObject(failure("refused"));
      expect(progress.at(-1)).toMatchObject({ step: "dial", failure: { kind: "refused" } });
      expect(reports).toMatchObject([{ kind: "failed", error: { kind: "refused" } }]);
    });
    it("no address is known, or it is not found in time", async () => {
      await expect(stage({ address: null }).open()).rejects.toMatchObject(failure("no-address"));
      const slow = stage({ ports: { address: () => new Promise(() => {}), deadlines: { address: 20 } } });
      await expect(slow.open()).rejects.toMatchObject(failure("no-address"));
    });
    it("an unknown server", async () => {
      const { screens } = stage({});
      await expect(screens.open({ server: "other", gateway: "x", screen: "s" }, { signal: new AbortController().signal, link: "l" })).rejects.toMatchObject(
        failure("link"),
      );
    });
    it("a connection that is not made in time, by a deadline of its own", async () => {
      const { link } = standInLink();
      const dials: { deadlineMs: number; aborted: () => boolean }[] = [];
      const deaf: HostLink = Object.assign(Object.create(link), {
        // Not even its own deadline ends it.
        dial: (_address: HostAddress, { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal }) => {
          dials.push({ deadlineMs, aborted: () => signal.aborted });
          return new Promise(() => {});
        },
      });
      const { open, progress } = stage({ ports: { link: () => deaf, deadlines: { dial: 30 } } });
      await expect(open()).rejects.toMatchObject(failure("silent"));
      expect(progress.at(-1)).toMatchObject({ step: "dial", failure: { kind: "silent" } });
      expect(dials.map((dial) => [dial.deadlineMs, dial.aborted()])).toEqual([[30, true]]);
    });
    it("a person who does not answer, and the question goes with it", async () => {
      const server = await vncServer("x");
      let withdrawn = false;
      const ask: ScreenPorts["prompts"]["ask"] = (_request, signal) => {
        signal?.addEventListener("abort", () => {
          withdrawn = true;
        });
        return new Promise(() => {});
      };
      const { open, screens, progress } = stage({ server, ports: { prompts: { ask }, deadlines: { person: 30 } } });
      await expect(open()).rejects.toMatchObject(failure("password-missing"));
      expect(progress.at(-1)).toMatchObject({ step: "login", failure: { kind: "password-missing" } });
      expect([withdrawn, screens.openCount("home", "paper")]).toEqual([true, 0]);
      await until("nothing is held at the server meanwhile", () => server.sockets.size === 0);
    });
    it("a server that says nothing", async () => {
      const server = await scriptedServer(() => {});
      const { open, screens } = stage({ server, ports: { deadlines: { login: 40 } } });
      await expect(open()).rejects.toMatchObject(failure("silent"));
      await until("its connection is closed", () => server.sockets.size === 0);
      expect(screens.openCount("home", "paper")).toBe(0);
    });
    it("another service, and too many attempts", async () => {
      await expect(stage({ server: await scriptedServer((socket) => void socket.write("SSH-2.0-x\r\n")) }).open()).rejects.toMatchObject(
        failure("wrong-service"),
      );
      const blocked = await scriptedServer(
        (socket) => void socket.write(Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([0]), rfbText("Too many security failures")])),
      );
      const { open, reports } = stage({ server: blocked });
      await expect(open()).rejects.toMatchObject(failure("too-many-attempts"));
      expect(reports[0]).toMatchObject({ login: "too-many-attempts" });
    });
    it("the link is down: it waits, is hurried, and tells why in the end", async () => {
      const waiting: LinkState = {
        kind: "waiting",
        until: 0,
        attempt: 1,
        failure: { reason: "unreachable", stage: "tcp", message: "linuxserver.lan cannot be reached" },
      };
      const { open, log } = stage({ state: waiting, ports: { deadlines: { server: 30 } } });
      await expect(open()).rejects.toMatchObject({ ...failure("link"), message: "linuxserver.lan cannot be reached" });
      expect(log).toContain("reconnect: screen");
    });
    it("the link comes up while it waits, also after a prompt that took long", async () => {
      const { open, become, listeners } = stage({ server: await vncServer(null), state: { kind: "off" }, ports: { deadlines: { server: 60 } } });
      const opened = open();
      await until("it waits", () => listeners.size === 1);
      become({ kind: "needs-user", since: 0, failure: { reason: "host-key-unknown", stage: "host-key", message: "unknown key" } });
      await new Promise((resolve) => setTimeout(resolve, 120));
      become({ kind: "up", since: 0, latencyMs: 1 });
      expect(await opened).toMatchObject({ desktopName: "paper" });
      expect(listeners.size).toBe(0);
    });
    it("the link fails for good", async () => {
      const { open, become, listeners } = stage({ state: { kind: "connecting", attempt: 1, since: 0 } });
      const opened = open();
      await until("it waits", () => listeners.size === 1);
      become({ kind: "failed", since: 0, failure: { reason: "auth-failed", stage: "auth", message: "no key was accepted" } });
      await expect(opened).rejects.toMatchObject({ ...failure("link"), message: "no key was accepted" });
    });
    it("the person cancels, at any step", async () => {
      const silent = await scriptedServer(() => {});
      for (const setting of [
        { state: { kind: "off" } as const },
        { ports: { address: () => new Promise<null>(() => {}) } },
        { server: silent },
        { server: await vncServer("x"), ports: { prompts: { ask: () => new Promise<never>(() => {}) } } },
      ]) {
        const { open, screens, progress, reports, listeners } = stage(setting);
        const abort = new AbortController();
        const opened = open("s", abort.signal);
        const rejected = expect(opened).rejects.toMatchObject({ code: "cancelled", faults: ["cancelled"] });
        await until("it runs", () => progress.length > 0);
        await new Promise((resolve) => setTimeout(resolve, 20));
        abort.abort();
        await rejected;
        expect(listeners.size).toBe(0);
        expect(reports).toEqual([]);
        expect(screens.openCount("home", "paper")).toBe(0);
      }
      await until("no connection stays", () => silent.sockets.size === 0);
    });
  });

  it("reports the picture for the screen's own gateway only while it is open", async () => {
    const { screens, open, reports } = stage({ server: await vncServer(null) });
    screens.picture("s1", "black", "link-1");
    await open();
    screens.picture("s1", "painted", "link-2");
    screens.picture("s1", "painted", "link-1");
    expect(reports.filter((one) => one.kind === "picture")).toEqual([{ kind: "picture", picture: "painted" }]);
  });

  describe("with a server that lies after the log-in", () => {
    it("an endless stream stops at what the viewer grants", async () => {
      let written = 0;
      const server = await vncServer(null, (socket) => {
        const chunk = Buffer.alloc(65_536, 7);
        const flood = () => {
          while (!socket.destroyed && written < 1e9 && socket.write(chunk)) written += chunk.length;
          if (!socket.destroyed) written += chunk.length;
        };
        socket.on("drain", flood);
        flood();
      });
      const { screens, open } = stage({ server });
      const { ticket } = await open();
      const client = viewer(screens);
      const channel = client.attach(ticket);
      let received = 0;
      channel.onData((bytes) => {
        received += bytes.length;
      });
      await channel.write(SAYS);
      await until("the window is full", () => received === LIMITS.channelWindow);
      let before = -1;
      await until("the server is stopped", async () => {
        if (written === before) return true;
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return false;
      });
      expect(received).toBe(LIMITS.channelWindow);
      // What the kernel's socket buffers hold is not ours.
      expect(written).toBeLessThan(24 * 1024 * 1024);
      channel.grant(LIMITS.channelWindow);
      await until("it goes on", () => received === 2 * LIMITS.channelWindow);
    });

    it("a server that takes nothing stops the viewer at the window", async () => {
      const server = await vncServer(null, (socket) => void socket.pause());
      const { screens, open } = stage({ server });
      const { ticket } = await open();
      const channel = viewer(screens).attach(ticket);
      await channel.write(SAYS);
      let sent = 0;
      let stuck = false;
      void (async () => {
        while (await channel.write(Buffer.alloc(65_536))) sent += 65_536;
      })();
      let before = -1;
      await until("the viewer is stopped", async () => {
        if (sent === before) stuck = true;
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return stuck;
      });
      expect(sent).toBeLessThan(24 * 1024 * 1024);
      channel.end("enough");
      await until("it ends", () => screens.openCount("home", "paper") === 0);
    });

    it("a connection that is torn ends the channel in words", async () => {
      const server = await vncServer(null, async (socket) => {
        await take(socket, 1);
        socket.resetAndDestroy();
      });
      const { screens, open } = stage({ server });
      const { ticket } = await open();
      const channel = viewer(screens).attach(ticket);
      const ended = new Promise<string>((resolve) => channel.onEnd(resolve));
      channel.onData((bytes) => channel.grant(bytes.length));
      await channel.write(Buffer.concat([SAYS, Buffer.from("x")]));
      expect(await ended).toMatch(/lost|closed/);
    });

    it("a viewer of ours that speaks nonsense is ended", async () => {
      const { screens, open } = stage({ server: await vncServer(null) });
      const { ticket } = await open();
      const channel = viewer(screens).attach(ticket);
      const ended = new Promise<string>((resolve) => channel.onEnd(resolve));
      await channel.write(Buffer.from("GET / HTTP/1.1\r\n"));
      expect(await ended).toContain("RFB 3.8");
    });
  });

  it("leaves nothing behind after many rounds", async () => {
    const server = await vncServer(null);
    const { screens, open } = stage({ server });
    const client = viewer(screens);
    for (let round = 0; round < 30; round += 1) {
      const channel = client.attach((await open(`s${round}`)).ticket);
      await channel.write(SAYS);
      channel.end("done");
    }
    await until("all are gone", () => server.sockets.size === 0 && screens.openCount("home", "paper") === 0);
  });
});
