import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { ContainerFact, GatewayTarget } from "../../../electron/core/diagnosis/evidence.ts";
import { createServerWatch, type LogViewLine, type ServerWatch, type WatchedFacts, type WatchedServer } from "../../../electron/core/probes/server-watch.ts";
import { createFakeDocker, type FakeDocker } from "../../support/fake-docker.ts";
import { createStandInLink, type StandInLink } from "../../support/local-stand-in.ts";
import { boot, completed, ibc, login, raw, session } from "../../unit/probes/ibc-log-samples.ts";
import { inspected } from "../../unit/probes/samples.ts";

const NAME = "mcp-ib-gateway-paper";
const TARGET: GatewayTarget = {
  id: "paper",
  name: "Paper",
  mode: "paper",
  container: NAME,
  ports: { relay: 4004, api: 4002, vnc: 5900 },
  clientId: 901,
  mcp: { url: "http://127.0.0.1:48012", container: "mcp-ib-paper" },
};
const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const listen = (port: string, queue: number) =>
  `   0: 00000000:${port} 00000000:0000 0A 00000000:${queue.toString(16).padStart(8, "0")} 00:00000000 00000000  1000        0 7 1 0000000000000000 100 0 0 10 0\n`;
const WAIT = { timeout: 15_000, interval: 20 };
const START = "2026-11-22T10:00:00.000000000Z";
const running = (changes: Record<string, unknown> = {}, state: Record<string, unknown> = {}) =>
  inspected({ state: { Status: "running", Pid: 4242, ExitCode: 0, StartedAt: START, FinishedAt: "0001-01-01T00:00:00Z", ...state }, ...changes });

let docker: FakeDocker;
let link: StandInLink;
let proc: string;
let watch: ServerWatch;
let facts: WatchedFacts;
let server: WatchedServer;
let mcp: ContainerFact | null;
let log: LogViewLine[];
let spawnedBefore: number;
const all: WatchedFacts[] = [];

function setTables(pid: number, tcp: string): void {
  mkdirSync(join(proc, `${pid}/net`), { recursive: true });
  writeFileSync(join(proc, `${pid}/net/tcp`), HEAD + tcp);
  writeFileSync(join(proc, `${pid}/net/tcp6`), HEAD);
}
function begin(targets: readonly GatewayTarget[] = [TARGET]): void {
  watch = createServerWatch({
    link,
    docker: docker.path,
    targets,
    clock: systemClock,
    onFacts: (id, fresh) => {
      expect(id).toBe("paper");
      all.push(fresh);
      facts = { ...facts, ...fresh };
    },
    onServer: (fresh) => {
      server = { ...server, ...fresh };
    },
    onMcpContainer: (_id, container) => {
      mcp = container;
    },
    onLog: (_id, line) => log.push(line),
  });
  watch.setPace("alert");
  watch.start();
}

beforeEach(() => {
  docker = createFakeDocker();
  proc = mkdtempSync(join(tmpdir(), "gatelight-proc-"));
  link = createStandInLink({ GATELIGHT_PROC: proc });
  facts = {};
  server = {};
  mcp = null;
  log = [];
  all.length = 0;
  spawnedBefore = 0;
});
afterEach(async () => {
  watch.dispose();
  await link.dispose();
  docker.dispose();
  rmSync(proc, { recursive: true, force: true });
});

describe("the watch of a server", () => {
  it("finds container, log-in, sockets, docker's version and the server's clock", async () => {
    docker.setContainer(NAME, running());
    docker.setContainer("mcp-ib-paper", running({ name: "/mcp-ib-paper" }));
    docker.appendLog(NAME, ...boot(), ...session(3), ...login(12), ...completed(20));
    setTables(4242, listen("0FA4", 0) + listen("0FA2", 3));
    begin();
    await expect.poll(() => facts.login?.value.phase, WAIT).toBe("configured");
    await expect
      .poll(() => facts.sockets?.value.listeners.map((one) => [one.port, one.queue]), WAIT)
      .toEqual([
        [4004, 0],
        [4002, 3],
      ]);
    expect(facts.container?.value).toMatchObject({ kind: "present", name: NAME, pid: 4242 });
    await expect.poll(() => server, WAIT).toMatchObject({ docker: { value: { kind: "ok" } }, clockSkewMs: { value: expect.any(Number) } });
    expect(Math.abs(server.clockSkewMs?.value ?? 1e9)).toBeLessThan(5_000);
    expect(mcp).toMatchObject({ kind: "present", name: "mcp-ib-paper" });
    expect(log.some((line) => line.text.endsWith("IBC: Login has completed") && line.at !== null)).toBe(true);
    expect(JSON.stringify(docker.calls)).not.toMatch(/\.Env|"args"/);
  });

  it("looks freshly when asked, and starts no process for it", async () => {
    docker.setContainer(NAME, running());
    setTables(4242, listen("0FA2", 0));
    begin();
    await expect.poll(() => facts.sockets?.value.source, WAIT).toBe("host-proc");
    spawnedBefore = link.spawned.length;
    setTables(4242, listen("0FA2", 51));
    await watch.lookNow("paper");
    expect(facts.sockets?.value.listeners).toMatchObject([{ port: 4002, queue: 51 }]);
    await watch.lookNow();
    expect(link.spawned.length).toBe(spawnedBefore);
    expect(watch.spawned).toBe(link.spawned.length);
  });

  it("follows an end and a new start by docker's events, with a log that begins anew", async () => {
    docker.setContainer(NAME, running());
    docker.appendLog(NAME, ...boot(), ...session(3), ...login(12), ...completed(20));
    setTables(4242, listen("0FA2", 0));
    begin();
    await expect.poll(() => facts.login?.value.phase, WAIT).toBe("configured");
    docker.appendLog(NAME, raw(100, "IBC returned exit status 87"), raw(100, "Gateway finished"));
    docker.setContainer(NAME, running({}, { Status: "exited", Pid: 0, ExitCode: 87, FinishedAt: "2026-11-22T10:01:41Z" }));
    const event = (Action: string) => docker.emit({ Type: "container", Action, Actor: { ID: "3f2a", Attributes: { name: NAME } }, timeNano: Date.now() * 1e6 });
    event("die");
    await expect.poll(() => facts.container?.value, WAIT).toMatchObject({ status: "exited", exitCode: 87, pid: null });
    await expect.poll(() => facts.login?.value.exit?.code, WAIT).toBe(87);
    expect(facts.sockets).toBeNull();
    docker.clearLog(NAME);
    docker.appendLog(NAME, ...boot(120), ...session(123));
    docker.setContainer(NAME, running({}, { StartedAt: "2026-11-22T10:02:00.000000000Z", Pid: 5353 }));
    setTables(5353, listen("0FA4", 0));
    event("start");
    await expect.poll(() => facts.login?.value, WAIT).toMatchObject({ phase: "session", exits: [], sessions: 1 });
    await expect.poll(() => facts.sockets?.value.listeners.map((one) => one.port), WAIT).toEqual([4004]);
  });

  it("puts the two outputs of a log into the order of their stamps", async () => {
    docker.setContainer(NAME, running());
    docker.appendLog(NAME, ...boot(), ...Array.from({ length: 200 }, (_, index) => `${index % 2 === 0 ? "!" : ""}${raw(10 + index / 10, `line ${index}`)}`));
    begin();
    await expect.poll(() => log.filter((line) => line.text.startsWith("line ")).length, WAIT).toBe(200);
    expect(log.filter((line) => line.text.startsWith("line ")).map((line) => line.text)).toEqual(Array.from({ length: 200 }, (_, index) => `line ${index}`));
  });

  it("goes on after a lost link without reading a line twice", async () => {
    docker.setContainer(NAME, running());
    docker.appendLog(NAME, ...boot(), ...session(3), ...login(12));
    setTables(4242, listen("0FA2", 0));
    begin();
    await expect.poll(() => facts.login?.value.phase, WAIT).toBe("authenticating");
    const before = log.length;
    link.drop();
    link.setState({ kind: "connecting", attempt: 1, since: Date.now() });
    docker.appendLog(NAME, ...completed(20));
    await watch.lookNow();
    expect(facts.sockets).toBeNull();
    link.setState({ kind: "up", since: Date.now(), latencyMs: 0 });
    await expect.poll(() => facts.login?.value.phase, WAIT).toBe("configured");
    expect(facts.login?.value.loginAttempts).toBe(1);
    expect(log.length).toBe(before + completed(20).length);
    await expect.poll(() => facts.sockets?.value.source, WAIT).toBe("host-proc");
  });

  it("begins the look loop again when it dies", async () => {
    docker.setContainer(NAME, running());
    setTables(4242, listen("0FA2", 0));
    begin();
    await expect.poll(() => facts.sockets?.value.source, WAIT).toBe("host-proc");
    link.drop();
    setTables(4242, listen("0FA2", 9));
    await expect.poll(() => facts.sockets?.value.listeners[0]?.queue, WAIT).toBe(9);
  });

  it("reads the tables inside the container where the host's cannot be read", async () => {
    docker.setContainer(NAME, running());
    mkdirSync(join(proc, "4242"));
    docker.setFile(NAME, "/proc/net/tcp", HEAD + listen("0FA4", 0));
    docker.setFile(NAME, "/proc/net/tcp6", HEAD);
    begin();
    await expect.poll(() => facts.sockets?.value, WAIT).toMatchObject({ source: "docker-exec", listeners: [{ port: 4004 }] });
    const execs = docker.calls.filter((call) => call[0] === "exec");
    expect(execs).toHaveLength(1);
  });

  it("names the containers that are there when ours is not", async () => {
    docker.setContainer("other", running({ name: "/other" }));
    begin();
    await expect.poll(() => facts.container?.value, WAIT).toEqual({ kind: "missing", seen: ["other"] });
    watch.inspectNow();
    await expect.poll(() => docker.calls.filter((call) => call[0] === "inspect").length, WAIT).toBe(2);
    expect(docker.calls.filter((call) => call[0] === "ps")).toHaveLength(1);
    expect(facts.login).toBeNull();
  });

  it("tells docker's own faults within seconds and sees it come back", async () => {
    docker.setContainer(NAME, running());
    begin();
    await expect.poll(() => server.docker?.value.kind, WAIT).toBe("ok");
    const socket = join(proc, "docker.sock");
    docker.setFault({ code: 1, stderr: `Cannot connect to the Docker daemon at unix://${socket}. Is the docker daemon running?` });
    await expect.poll(() => server.docker?.value.kind, WAIT).toBe("down");
    // From the second question on nothing but its socket is waited for.
    const asked = () => docker.calls.filter((call) => call[0] === "inspect").length;
    const first = asked();
    await expect.poll(() => asked() - first, WAIT).toBeGreaterThanOrEqual(1);
    docker.setFault(null);
    const daemon = createServer();
    await new Promise<void>((resolve) => daemon.listen(socket, resolve));
    await expect.poll(() => server.docker?.value.kind, { timeout: 10_000, interval: 20 }).toBe("ok");
    daemon.close();
    // And what happens from now on is heard again.
    docker.setContainer(NAME, running({}, { Status: "exited", Pid: 0, ExitCode: 1, FinishedAt: "2026-11-22T11:00:00Z" }));
    docker.emit({ Type: "container", Action: "die", Actor: { ID: "3f2a", Attributes: { name: NAME } }, timeNano: Date.now() * 1e6 });
    await expect.poll(() => facts.container?.value, { timeout: 10_000, interval: 20 }).toMatchObject({ status: "exited" });
  });

  it("an event that comes while docker takes its time over an answer is not forgotten", async () => {
    docker.setContainer(NAME, running());
    begin();
    await expect.poll(() => facts.container?.value, WAIT).toMatchObject({ status: "running" });
    docker.hold(true);
    watch.inspectNow();
    await expect.poll(() => docker.holding, WAIT).toBe(true);
    const since = Date.now();
    docker.setContainer(NAME, running({}, { Status: "exited", Pid: 0, ExitCode: 1, FinishedAt: "2026-11-22T11:00:00Z" }));
    docker.emit({ Type: "container", Action: "die", Actor: { ID: "3f2a", Attributes: { name: NAME } }, timeNano: Date.now() * 1e6 });
    // Longer than two questions are kept apart.
    await expect.poll(() => Date.now() - since, WAIT).toBeGreaterThan(2_500);
    docker.hold(false);
    await expect.poll(() => facts.container?.value, WAIT).toMatchObject({ status: "exited" });
  });

  it("lists processes on demand alone", async () => {
    docker.setContainer(NAME, running());
    docker.setTop(NAME, "PID STAT COMMAND\n1 Ss run.sh\n20 Tl java\n");
    begin();
    await expect.poll(() => facts.container?.value.kind, WAIT).toBe("present");
    expect(docker.calls.some((call) => call[0] === "top")).toBe(false);
    await watch.lookProcesses("paper");
    await watch.lookProcesses("paper");
    expect(facts.processes?.value).toMatchObject({ java: "stopped", x11vnc: "absent" });
    expect(docker.calls.filter((call) => call[0] === "top")).toEqual([["top", NAME, "-eo", "pid,stat,comm"]]);
  });

  it("lists them again at once when the look loop sees java stop or go on", async () => {
    docker.setContainer(NAME, running());
    docker.setTop(NAME, "PID STAT COMMAND\n1 Ss run.sh\n20 Tl java\n");
    setTables(4242, listen("0FA2", 0));
    const java = (state: string) => writeFileSync(join(proc, "20/stat"), `20 (java) ${state} 1 1 1 0\n`);
    mkdirSync(join(proc, "4242/task/4242"), { recursive: true });
    mkdirSync(join(proc, "20"));
    writeFileSync(join(proc, "4242/task/4242/children"), "20 ");
    writeFileSync(join(proc, "20/comm"), "java\n");
    java("T");
    begin();
    await expect.poll(() => facts.sockets?.value.source, WAIT).toBe("host-proc");
    await watch.lookProcesses("paper");
    expect(facts.processes?.value).toMatchObject({ java: "stopped" });
    docker.setTop(NAME, "PID STAT COMMAND\n1 Ss run.sh\n20 Sl java\n");
    java("S");
    const asked = async () => {
      await watch.lookProcesses("paper");
      return facts.processes?.value.java;
    };
    await expect.poll(asked, { timeout: 25_000, interval: 100 }).toBe("running");
    expect(docker.calls.filter((call) => call[0] === "top")).toHaveLength(2);
  });

  it("starts fewer than two processes a minute once it watches", async () => {
    docker.setContainer(NAME, running());
    docker.appendLog(NAME, ...boot(), ibc(5, "Login has completed"));
    setTables(4242, listen("0FA2", 0));
    begin();
    await expect.poll(() => facts.sockets?.value.source, WAIT).toBe("host-proc");
    await expect.poll(() => server.clockSkewMs, WAIT).toBeTruthy();
    const before = watch.spawned;
    const looks = () => all.filter((one) => one.sockets).length;
    const seen = looks();
    await expect.poll(() => looks() - seen, WAIT).toBeGreaterThanOrEqual(5);
    expect(watch.spawned).toBe(before);
  });

  it("leaves nothing behind", async () => {
    docker.setContainer(NAME, running());
    docker.appendLog(NAME, ...boot());
    begin();
    await expect.poll(() => facts.login?.value.phase, WAIT).toBe("ibc-start");
    watch.dispose();
    const count = link.spawned.length;
    const emitted = all.length;
    link.setState({ kind: "up", since: Date.now(), latencyMs: 0 });
    await watch.lookNow();
    expect(link.spawned.length).toBe(count);
    expect(all.length).toBe(emitted);
  });
});
