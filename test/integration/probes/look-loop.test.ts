import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import { LookReader } from "../../../electron/core/probes/look-answer.ts";
import { LookLoop } from "../../../electron/core/probes/look-loop.ts";
import { LOOK_SCRIPT } from "../../../electron/core/probes/look-script.ts";
import { socketsFact } from "../../../electron/core/probes/sockets-fact.ts";
import { createStandInLink } from "../../support/local-stand-in.ts";

const WAIT = { timeout: 20_000, interval: 30 };
const PORTS = { relay: 4004, api: 4002, vnc: 5900 };
const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (index: number, local: string, remote: string, state: string, queues: string, inode: number) =>
  `${String(index).padStart(4)}: ${local} ${remote} ${state} ${queues} 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0                     \n`;
const TCP =
  HEAD +
  row(0, "00000000:0FA4", "00000000:0000", "0A", "00000000:00000000", 11) +
  row(1, "0100007F:9C40", "0100007F:0FA2", "02", "00000000:00000000", 12) +
  row(2, "020012AC:C350", "08080808:0FA1", "01", "00000000:00000000", 13) +
  row(3, "020012AC:0016", "010012AC:EA60", "01", "00000000:00000000", 14) +
  row(4, "020012AC:0FA4", "050012AC:EA61", "06", "00000000:00000000", 0);
const V6 = "00000000000000000000000000000000";
const TCP6 =
  HEAD +
  row(0, `${V6}:0FA2`, `${V6}:0000`, "0A", "00000000:00000033", 21) +
  row(1, "0000000000000000FFFF00000100007F:0FA2", "0000000000000000FFFF00000100007F:9C41", "08", "00000001:00000011", 0);
const NETSTAT = `TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits\nTcpExt: 0 7 9 100\nIpExt: InNoRoutes\nIpExt: 0\n`;
const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path\n0000000000000000: 00000002 00000000 00010000 0001 01 555 @/tmp/.X11-unix/X1\n0000000000000000: 00000003 00000000 00000000 0001 03 556\n`;

const shellPath = (name: string) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
const SHELLS = ["dash", "bash", "busybox"].filter((name) => shellPath(name) !== undefined);
const argvOf = (shell: string) => [shellPath(shell) ?? "", ...(shell === "busybox" ? ["ash"] : [])];
const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const step of cleanup.splice(0)) step();
});

function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "gatelight-proc-"));
  cleanup.push(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "4242/net"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, "4242/net", name), text);
  return root;
}

/** Runs the script in a shell with all requests at once; its end at the end of its input is part of the test. */
function run(shell: string, root: string, requests: readonly string[]): string[] {
  const [program = "", ...rest] = argvOf(shell);
  const result = spawnSync(program, [...rest, "-c", LOOK_SCRIPT, "gatelight-look"], {
    input: `${requests.join("\n")}\n`,
    // SHLVL: without it bash takes a socket at its input for a remote shell and reads the bashrc of whoever runs the test.
    env: { PATH: "/nonexistent", SHLVL: "2", GATELIGHT_PROC: root },
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(result.stderr).toBe("");
  expect(result.status).toBe(0);
  return result.stdout.trimEnd().split("\n");
}

describe.each(SHELLS)("the look script in %s", (shell) => {
  it("gives listeners, the asked ports and the counters, with builtins alone", () => {
    const root = tree({ tcp: TCP, tcp6: TCP6, netstat: NETSTAT, unix: UNIX });
    const lines = run(shell, root, ["7 4242 0FA2 0FA4 170C 1"]);
    expect(lines).toEqual([
      "@ 0 hello 1",
      "n 7 9",
      "x 1",
      "4 00000000:0FA4 00000000:0000 0A 00000000:00000000 11",
      "4 0100007F:9C40 0100007F:0FA2 02 00000000:00000000 12",
      "4 020012AC:C350 08080808:0FA1 01 00000000:00000000 13",
      `6 ${V6}:0FA2 ${V6}:0000 0A 00000000:00000033 21`,
      "6 0000000000000000FFFF00000100007F:0FA2 0000000000000000FFFF00000100007F:9C41 08 00000001:00000011 0",
      "@ 7 end",
    ]);
    const reader = new LookReader();
    const answer = lines.map((line) => reader.feed(line, () => 4242)).find((found) => found !== null);
    if (answer?.kind !== "table") throw new Error("no table");
    expect(socketsFact(answer.table, PORTS, "host-proc")).toEqual({
      source: "host-proc",
      listeners: [
        { port: 4004, family: 4, address: "0.0.0.0", queue: 0 },
        { port: 4002, family: 6, address: "::", queue: 51 },
      ],
      api: { closeWaitOrphans: 1, closeWaitHeld: 0, synSent: 1, established: 0, unread: 0, listener: 21 },
      relayClients: 0,
      screenClients: 0,
      brokerLines: 1,
      listenOverflows: 7,
      listenDrops: 9,
      xServer: true,
    });
  });

  it("tells whether java stands still, a grandchild of the container's first process", () => {
    const root = tree({ tcp: TCP, tcp6: TCP6 });
    const put = (pid: number, comm: string, state: string, children: string) => {
      mkdirSync(join(root, `${pid}/task/${pid}`), { recursive: true });
      writeFileSync(join(root, `${pid}/task/${pid}/children`), children);
      writeFileSync(join(root, `${pid}/comm`), `${comm}\n`);
      writeFileSync(join(root, `${pid}/stat`), `${pid} (${comm}) ${state} 1 1 1 0 -1 4194560\n`);
    };
    put(4242, "run.sh", "S", "50 60 ");
    put(50, "ibcstart.sh", "S", "51 ");
    put(51, "java", "T", "");
    put(60, "socat", "S", "");
    const lines = run(shell, root, ["1 4242 0FA2 0FA4 170C 1", "2 4242 0FA2 0FA4 170C 0"]);
    expect(lines.filter((line) => line.startsWith("j"))).toEqual(["j T", "j T"]);
    const reader = new LookReader();
    const answers = lines.flatMap((line) => reader.feed(line, () => 4242) ?? []);
    expect(answers.map((answer) => answer.kind === "table" && answer.table.java)).toEqual(["T", "T"]);
  });

  it("says same when nothing changed, and all of it again for other ports", () => {
    const root = tree({ tcp: TCP, tcp6: TCP6 });
    const lines = run(shell, root, ["1 4242 0FA2 0FA4 170C 0", "2 4242 0FA2 0FA4 170C 0", "3 4242 0FA1 0FA3 170C 0"]);
    expect(lines.filter((line) => line.startsWith("@"))).toEqual(["@ 0 hello 1", "@ 1 end", "@ 2 same", "@ 3 end"]);
  });

  it("names what cannot be read and survives nonsense", () => {
    const root = tree({ tcp: "garbage\n\0\n", netstat: "TcpExt: A B ListenDrops\nTcpExt: 1\n" });
    mkdirSync(join(root, "77"));
    const lines = run(shell, root, [
      "1 99 0FA2 0FA4 170C 0",
      "2 77 0FA2 0FA4 170C 0",
      "3 $(id) 0FA2 0FA4 170C 1",
      "",
      "; id",
      "4 4242 0FA2 0FA4 170C 1",
      "5 4242",
    ]);
    expect(lines).toEqual(["@ 0 hello 1", "@ 1 none gone", "@ 2 none unreadable", "@ 3 none bad", "n ? ?", "x ?", "@ 4 end", "@ 5 end"]);
  });

  it("keeps the listeners when a table is flooded", () => {
    const many = Array.from({ length: 1600 }, (_, index) =>
      row(index, "0100007F:0FA4", `0100007F:${(20_000 + index).toString(16).toUpperCase()}`, "01", "00000000:00000000", index + 1),
    );
    const root = tree({ tcp: HEAD + many.join(""), tcp6: TCP6 });
    const lines = run(shell, root, ["1 4242 0FA2 0FA4 170C 0"]);
    expect(lines.at(-1)).toBe("@ 1 cut");
    expect(lines.some((line) => line.startsWith(`6 ${V6}:0FA2`))).toBe(true);
  });
});

/** A listener whose process stops calling accept(), as a hung JVM does. */
async function stoppedListener(backlog: number): Promise<{ pid: number; port: number; stop: () => void; go: () => void }> {
  const child = spawn(
    process.execPath,
    ["-e", `const s=require("net").createServer(()=>{});s.listen({port:0,host:"127.0.0.1",backlog:${backlog}},()=>console.log(s.address().port))`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  cleanup.push(() => child.kill("SIGKILL"));
  const port = await new Promise<number>((resolve) => child.stdout.once("data", (data: Buffer) => resolve(Number(data.toString()))));
  const { pid } = child;
  if (pid === undefined) throw new Error("no process");
  return { pid, port, stop: () => child.kill("SIGSTOP"), go: () => child.kill("SIGCONT") };
}

const open = (port: number) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
    cleanup.push(() => socket.destroy());
  });

describe("the look loop on this machine's own /proc", () => {
  it("sees a real accept queue rise while nobody accepts, and fall again", async () => {
    const listener = await stoppedListener(50);
    const link = createStandInLink();
    const loop = new LookLoop({ link, clock: systemClock, onEnd: () => {} });
    cleanup.push(() => loop.dispose());
    await loop.start();
    const ports = { relay: 1, api: listener.port, vnc: 2 };
    const queue = async () => {
      const answer = await loop.look(listener.pid, ports, true, 10_000);
      if (answer?.kind !== "table") throw new Error("no table");
      return socketsFact(answer.table, ports, "host-proc");
    };
    const before = await queue();
    expect(before.listeners.find((one) => one.port === listener.port)).toMatchObject({ address: "127.0.0.1", queue: 0 });
    expect(before.listenDrops).toBeTypeOf("number");
    listener.stop();
    const sockets = await Promise.all([open(listener.port), open(listener.port), open(listener.port)]);
    await expect.poll(async () => (await queue()).listeners.find((one) => one.port === listener.port)?.queue, WAIT).toBe(3);
    expect((await queue()).api).toMatchObject({ unread: 0, listener: before.api.listener });
    sockets[0]?.write("hello");
    await expect.poll(async () => (await queue()).api.unread, WAIT).toBe(5);
    for (const socket of sockets) socket.end();
    await expect.poll(async () => (await queue()).api.closeWaitOrphans, WAIT).toBe(3);
    listener.go();
    await expect.poll(async () => (await queue()).listeners.find((one) => one.port === listener.port)?.queue, WAIT).toBe(0);
    expect(link.spawned).toHaveLength(1);
  });

  it("answers null and ends when the loop is lost, and never leaves an asker waiting", async () => {
    const link = createStandInLink();
    const ends: string[] = [];
    const loop = new LookLoop({ link, clock: systemClock, onEnd: (reason) => ends.push(reason) });
    await loop.start();
    const asked = loop.look(process.pid, PORTS, false, 10_000);
    link.drop();
    await asked;
    expect(ends).toEqual(["link-lost"]);
    expect(await loop.look(process.pid, PORTS, false, 10_000)).toBeNull();
    expect(loop.alive).toBe(false);
  });
});
