import { createServer } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ApiFailure } from "../../../electron/core/diagnosis/evidence.ts";
import { DialError } from "../../../electron/core/host-link/host-link.ts";
import type { GatewaySession, SessionPorts } from "../../../electron/core/session/session.ts";
import { failedAs, isReady, session, until } from "../../support/session-kit.ts";
import { frame, TwsServer } from "../../support/tws-server.ts";

let server: TwsServer;
let target: GatewaySession | null = null;
beforeEach(async () => {
  server = new TwsServer();
  await server.listen();
});
afterEach(async () => {
  await target?.dispose();
  target = null;
  await server.close();
});
function start(ports: Partial<SessionPorts> = {}): GatewaySession {
  target = session(server.port, ports);
  target.start();
  return target;
}
async function firstFailure(ports: Partial<SessionPorts> = {}): Promise<ApiFailure> {
  const report = await until(start(ports), (r) => r.failures.length > 0);
  const [failure] = report.failures;
  if (failure === undefined) throw new Error("no failure");
  return failure;
}
const dialFails = (reason: ConstructorParameters<typeof DialError>[0]) => ({ dial: () => Promise.reject(new DialError(reason, `it says ${reason}`)) });

describe("what the API port shows, each told apart", () => {
  it("nobody listens", async () => {
    const free = createServer();
    const port = await new Promise<number>((resolve) =>
      free.listen(0, "127.0.0.1", () => {
        const address = free.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      }),
    );
    await new Promise((resolve) => free.close(resolve));
    target = session(port);
    target.start();
    const report = await until(target, (r) => r.failures.length > 0);
    expect(report.failures[0]).toMatchObject({ kind: "dial-refused", wasReady: false, clientId: 901 });
    expect(report.api).toMatchObject({ kind: "idle", reason: "backing-off", last: { kind: "dial-refused" } });
    expect(report.session.connectsToday).toBe(0);
  });

  it.each([
    ["forbidden", "dial-forbidden"],
    ["timeout", "dial-timeout"],
    ["unreachable", "dial-failed"],
    ["name-not-found", "dial-failed"],
    ["other", "dial-failed"],
    ["link-down", "link-lost"],
  ] as const)("a dial that ends %s is %s", async (reason, kind) => {
    expect(await firstFailure(dialFails(reason))).toMatchObject({ kind, detail: `it says ${reason}` });
  });

  it("a dial that hangs ends by our own deadline", async () => {
    expect(await firstFailure({ dial: () => new Promise(() => undefined) })).toMatchObject({ kind: "dial-timeout" });
  });

  it.each([
    ["close-at-once", "closed-at-once"],
    ["reset", "closed-at-once"],
    ["silent", "silent"],
    ["close-after-start", "closed-after-start"],
    ["start-unanswered", "start-unanswered"],
    ["accounts-only", "start-unanswered"],
    ["id-only", "start-unanswered"],
    ["id-in-use", "client-id-in-use"],
    ["id-in-use-open", "client-id-in-use"],
  ] as const)("%s is %s", async (behaviour, kind) => {
    server.behaviour = behaviour;
    const failure = await firstFailure();
    expect(failure).toMatchObject({ kind, wasReady: false });
    expect(failure.detail).not.toBe("");
    await vi.waitFor(() => expect(server.open).toBe(0), 5000);
  });

  it("says which half of the answer is missing", async () => {
    server.behaviour = "accounts-only";
    expect((await firstFailure()).detail).toContain("order id");
  });

  it("an end after more than two seconds of silence is another thing than one at once", async () => {
    server.behaviour = "close-later";
    expect(await firstFailure({ timings: { versionMs: 5000 } })).toMatchObject({ kind: "closed-late" });
  });

  it.each([
    ["SSH-2.0-OpenSSH_9.2p1\r\n", false, "SSH-2.0-OpenSSH_9.2p1.."],
    ["RFB 003.008\n", false, "RFB 003.008."],
    ["HTTP/1.1 400 Bad Request\r\n", true, "HTTP/1.1 400 Bad Request.."],
    ["\x15\x03\x01\x00\x02\x02\x46", true, "......F"],
    ["OK", true, "OK"],
  ])("%j is a wrong service, with its first bytes", async (banner, bannerAfterHello, firstBytes) => {
    server.banner = Buffer.from(banner, "latin1");
    server.bannerAfterHello = bannerAfterHello;
    expect(await firstFailure()).toMatchObject({ kind: "wrong-service", firstBytes });
  });

  it.each([99, 194, 500])("version %i is not supported", async (version) => {
    server.version = version;
    expect(await firstFailure()).toMatchObject({ kind: "unsupported-version" });
  });

  it("1300 tells the new port", async () => {
    await until(start(), isReady);
    server.client.send(4, 2, -1, 1300, "Socket port has been reset and this connection is being dropped. Please reconnect on the new port -4012", "");
    server.client.socket.end();
    const report = await until(start0(), failedAs("port-changed"));
    expect(report.failures[0]).toMatchObject({ newPort: 4012, wasReady: true });
  });

  it("a gateway that closes a ready session, and one that resets it", async () => {
    await until(start(), isReady);
    server.dropAll("end");
    const report = await until(start0(), (r) => r.failures.length > 0);
    expect(report.failures[0]).toMatchObject({ kind: "closed", wasReady: true });
    start0().nudge({ by: "person" });
    await until(start0(), isReady);
    server.dropAll("reset");
    await until(start0(), (r) => r.failures.length > 1);
    expect(start0().report.failures[1]).toMatchObject({ kind: "closed", wasReady: true });
  });

  it("a tunnel that breaks is the link's fault", async () => {
    let up = true;
    await until(start({ linkUp: () => up }), isReady);
    up = false;
    server.dropAll("end");
    await until(start0(), failedAs("link-lost"));
  });
});

describe("a link that is down", () => {
  it.each(["silent", "start-unanswered"] as const)("%s then is the link's fault, not the gateway's", async (behaviour) => {
    server.behaviour = behaviour;
    expect(await firstFailure({ linkUp: () => false })).toMatchObject({ kind: "link-lost" });
  });
});

describe("messages that are none", () => {
  const head = (length: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(length);
    return bytes;
  };
  it.each<[string, Buffer]>([
    ["a negative length", head(-5)],
    ["a length of nothing", head(0)],
    ["an oversized length", head(0x1000000)],
    ["a body without its end", Buffer.concat([head(3), Buffer.from("abc")])],
    ["a binary message", Buffer.concat([head(8), Buffer.from([0, 0, 0, 204, 8, 1, 16, 2])])],
    ["more fields than any message has", frame(64, 1, 1, ...Array<string>(60_000).fill(""))],
  ])("%s ends the attempt as bad-frame, and a new one works", async (_name, bytes) => {
    const uncaught = vi.fn();
    process.on("uncaughtException", uncaught);
    await until(start(), isReady);
    server.client.socket.write(bytes);
    const report = await until(start0(), (r) => r.failures.length > 0);
    expect(report.failures[0]).toMatchObject({ kind: "bad-frame", wasReady: true });
    start0().nudge({ by: "person" });
    await until(start0(), isReady);
    process.off("uncaughtException", uncaught);
    expect(uncaught).not.toHaveBeenCalled();
  });

  it("a message with fields missing or in excess is passed over, orders of others are not even read", async () => {
    await until(start(), (r) => isReady(r) && r.accounts[0]?.stale === false);
    const { client } = server;
    client.send(61, 3, "DU1234567", 7);
    client.send(63, 1);
    client.send(5, "an order of somebody else", "with", "fields");
    // The library would throw on the reasons of an order's rejection that are no JSON.
    client.send(4, 2, 5, 201, "rejected", "{not json");
    client.send(9999, "unknown");
    client.send(63, 1, 1, "DU1234567", "NetLiquidation", "777.7", "USD", "more", "fields");
    const report = await until(start0(), (r) => r.accounts[0]?.figures.NetLiquidation?.value === "777.7");
    expect(report.failures).toEqual([]);
  });
});

describe("care", () => {
  it("never dials while it may not, and dials when it may", async () => {
    let answer: Awaited<ReturnType<SessionPorts["mayDial"]>> = { ok: false, reason: "queue-not-empty" };
    start({ mayDial: async () => answer });
    const report = await until(start0(), (r) => r.api.kind === "idle" && r.api.reason === "queue-not-empty");
    expect(report.session.state).toBe("waiting");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(server.connections).toBe(0);
    answer = { ok: true };
    await until(start0(), isReady);
    expect(server.connections).toBe(1);
  });

  it("a dial that succeeds too late is destroyed", async () => {
    const late = new PassThrough();
    let resolveDial: (stream: PassThrough) => void = () => undefined;
    start({ dial: () => new Promise((resolve) => (resolveDial = resolve)) });
    await until(start0(), (r) => r.failures.length > 0);
    resolveDial(late);
    await vi.waitFor(() => expect(late.destroyed).toBe(true), 5000);
    expect(start0().report.session.connectsToday).toBe(0);
  });

  it("an id in use is replaced by the next, with a note; the refused one is not tried again", async () => {
    server.behaviour = "id-in-use-first";
    const report = await until(start(), isReady);
    expect(report.session).toMatchObject({ clientId: 902, state: "ready" });
    expect(report.session.clientIdNote).toContain("901");
    server.dropAll("end");
    await until(start0(), (r) => r.failures.length === 2);
    start0().nudge({ by: "person" });
    await until(start0(), isReady);
    expect(server.clients.map((client) => client.clientId)).toEqual([901, 902, 902]);
  });

  it("release gives the slot up until asked back; park for a repair", async () => {
    await until(start(), isReady);
    await start0().release(null);
    await vi.waitFor(() => expect(server.open).toBe(0), 5000);
    expect(start0().report).toMatchObject({ api: { kind: "idle", reason: "released" }, session: { state: "released", releasedUntil: null } });
    start0().nudge({ by: "person" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.connections).toBe(1);
    start0().resume();
    await until(start0(), isReady);
    const back = await start0().park();
    expect(start0().report).toMatchObject({ api: { kind: "idle", reason: "parked" }, session: { state: "parked" } });
    await vi.waitFor(() => expect(server.open).toBe(0), 5000);
    back();
    back();
    const report = await until(start0(), isReady);
    expect(report.session.connectsToday).toBe(3);
    expect(report.failures).toEqual([]);
    expect(server.maxOpen).toBe(1);
  });

  it("a resume that comes before the close is done is not forgotten", async () => {
    await until(start(), isReady);
    const released = start0().release(null);
    start0().resume();
    await released;
    await until(start0(), isReady);
    expect(server.maxOpen).toBe(1);
  });

  it("a release with an end comes back by itself", async () => {
    await until(start(), isReady);
    const end = Date.now() + 500;
    await start0().release(end);
    expect(start0().report.session.releasedUntil).toBe(end);
    await until(start0(), isReady);
  });

  it("a change of the client id takes the next one", async () => {
    await until(start(), isReady);
    start0().changeClientId();
    const report = await until(start0(), (r) => r.api.kind === "ready" && r.api.clientId === 902);
    expect(report.failures).toEqual([]);
    expect(server.maxOpen).toBe(1);
  });

  it("1101 asks for everything anew, 1102 does not; nothing is replayed after a reconnect", async () => {
    await until(start(), (r) => isReady(r) && r.accounts[0]?.stale === false);
    const asked = () => server.client.requests.filter((fields) => fields[0] === "62").length;
    server.client.send(4, 2, -1, 1100, "lost", "");
    server.client.send(4, 2, -1, 1102, "restored - data maintained", "");
    await until(start0(), (r) => r.broker?.code === 1102);
    expect(asked()).toBe(1);
    server.client.send(4, 2, -1, 1101, "restored - data lost", "");
    await vi.waitFor(() => expect(asked()).toBe(2), 5000);
    server.dropAll("end");
    await until(start0(), (r) => r.failures.length > 0);
    start0().resubscribe();
    start0().nudge({ by: "person" });
    await until(start0(), (r) => isReady(r) && r.accounts[0]?.stale === false);
    expect(asked()).toBe(1);
  });

  it("2110 is the broker's trouble while the session lives; unknown codes are shown", async () => {
    server.greetings = [
      [4, 2, -1, 2110, "Connectivity between Trader Workstation and server is broken. It will be restored automatically.", ""],
      [4, 2, -1, 98765, "something new", ""],
      [4, 2, 17, 10197, "No market data during competing live session", ""],
    ];
    const report = await until(start(), (r) => isReady(r) && (r.broker?.notices.length ?? 0) >= 3);
    expect(report.broker).toMatchObject({ line: "down", code: 2110 });
    expect(report.broker?.notices.map((notice) => notice.code)).toEqual([2110, 98765, 10197]);
  });

  it("account data that never ends is seen", async () => {
    server.mute.add(61);
    const report = await until(start(), (r) => r.account !== null && r.accounts[0]?.figures.NetLiquidation !== undefined);
    expect(report.account).toMatchObject({ completeAt: null });
    expect(report.account?.requestedAt).toBeGreaterThan(0);
    expect(report.accounts[0]?.stale).toBe(true);
  });
});

function start0(): GatewaySession {
  if (target === null) throw new Error("not started");
  return target;
}
