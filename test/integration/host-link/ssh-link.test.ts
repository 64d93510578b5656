import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { missingPeers } from "../../support/peers.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { cleanUp, listen, openLink, reachOf, readAll, until, waitFor } from "./support.ts";

describe.skipIf(missingPeers("sshd", "ssh-keygen").length > 0)("a link over a real sshd", () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(async () => {
    await sshd.dispose();
    expect(sshd.programs()).toEqual([]);
  });
  afterEach(cleanUp);

  it("connects with a key file and measures the latency", async () => {
    const { link } = openLink(reachOf(sshd));
    await until(link, "up");
    await waitFor(() => link.state.kind === "up" && link.state.latencyMs !== null, "a latency");
  });

  it("runs programs with their exact arguments, both outputs and the exit code", async () => {
    const { link } = openLink(reachOf(sshd));
    await until(link, "up");
    const nasty = ["a b", "it's", '"$HOME"', "`id`", "new\nline", "", "*", "~", "ünï", "\\", "-n"];
    const result = await link.exec(["sh", "-c", 'for a; do printf "[%s]" "$a"; done; echo err >&2; exit 3', "x", ...nasty], { deadlineMs: 10_000 });
    expect(result).toEqual({ code: 3, signal: null, stdout: nasty.map((word) => `[${word}]`).join(""), stderr: "err\n", truncated: false });
    const echoed = await link.exec(["cat"], { deadlineMs: 10_000, stdin: "from here\n" });
    expect(echoed.stdout).toBe("from here\n");
  });

  it("cuts endless output, ends what takes too long, and says what is missing", async () => {
    const { link } = openLink(reachOf(sshd));
    await until(link, "up");
    const cut = await link.exec(["head", "-c", "300000", "/dev/zero"], { deadlineMs: 10_000, maxBytes: 1000 });
    expect([cut.stdout.length, cut.truncated, cut.code]).toEqual([1000, true, 0]);
    await expect(link.exec(["sleep", "4711"], { deadlineMs: 300 })).rejects.toMatchObject({ name: "ExecError", reason: "timeout" });
    await expect(link.exec(["no-such-program"], { deadlineMs: 5_000 })).rejects.toMatchObject({ reason: "not-found" });
    const abort = new AbortController();
    const aborted = link.exec(["sleep", "4712"], { deadlineMs: 60_000, signal: abort.signal });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ reason: "aborted" });
  });

  it("dials, half-closes and carries megabytes unharmed", async () => {
    const echo = await listen((socket) => socket.pipe(socket), true);
    const { link } = openLink(reachOf(sshd));
    await until(link, "up");
    const duplex = await link.dial({ host: "127.0.0.1", port: echo.port }, { deadlineMs: 5_000 });
    const sent = Buffer.alloc(5_000_000, "0123456789abcdef").toString();
    const back = readAll(duplex);
    duplex.end(sent);
    expect((await back) === sent).toBe(true);
    await waitFor(() => echo.sockets.size === 0, "the target's socket to close");
  });

  it("names why a target cannot be dialled", async () => {
    const closed = await listen(() => {});
    await new Promise((resolve) => closed.server.close(resolve));
    const { link } = openLink(reachOf(sshd));
    await expect(link.dial({ host: "127.0.0.1", port: 1 }, { deadlineMs: 100 })).rejects.toMatchObject({ name: "DialError", reason: "link-down" });
    await until(link, "up");
    await expect(link.dial({ host: "127.0.0.1", port: closed.port }, { deadlineMs: 5_000 })).rejects.toMatchObject({ reason: "refused" });
    await expect(link.dial({ host: "no-such-host.invalid", port: 80 }, { deadlineMs: 20_000 })).rejects.toMatchObject({ reason: "name-not-found" });
  });

  it("streams lines, takes input and tells its end", async () => {
    const { link } = openLink(reachOf(sshd));
    await until(link, "up");
    const lines: string[] = [];
    const ends: unknown[] = [];
    const stream = await link.stream(["sh", "-c", "echo ready; while read l; do echo got $l; [ $l = bye ] && exit 4; done"], {
      deadlineMs: 5_000,
      onLine: (line, source) => lines.push(`${source}:${line}`),
      onEnd: (end) => ends.push(end),
    });
    stream.write("one");
    await waitFor(() => lines.includes("stdout:got one"), "the first answer");
    stream.write("bye");
    await waitFor(() => ends.length > 0, "the end");
    expect(ends).toEqual([{ code: 4, reason: "exit" }]);
    expect(lines).toEqual(["stdout:ready", "stdout:got one", "stdout:got bye"]);
  });

  it("comes back after its sessions were killed, and tells everyone who used them", async () => {
    const { link, states } = openLink(reachOf(sshd), { random: () => 0.1 });
    await until(link, "up");
    const ends: unknown[] = [];
    await link.stream(["sleep", "4713"], { deadlineMs: 5_000, onLine: () => {}, onEnd: (end) => ends.push(end) });
    const pending = link.exec(["sleep", "4714"], { deadlineMs: 60_000 });
    const failed = expect(pending).rejects.toMatchObject({ reason: "link-down" });
    expect(sshd.killSessions()).toBeGreaterThan(0);
    await until(link, "waiting");
    await failed;
    expect(ends).toEqual([{ code: null, reason: "link-lost" }]);
    await until(link, "up");
    expect(states.map((state) => state.kind).filter((kind, i, all) => kind !== all[i - 1])).toEqual(["connecting", "up", "waiting", "connecting", "up"]);
    expect((await link.exec(["echo", "back"], { deadlineMs: 5_000 })).stdout).toBe("back\n");
  });
});
