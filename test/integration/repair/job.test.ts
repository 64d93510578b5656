import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { endJob, jobArgv, readJob, removeJob } from "../../../electron/core/repair/job.ts";
import { missingPeers } from "../../support/peers.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { cleanUp, folder, knownUnder, listen, openLink, reachOf, until, waitFor } from "../host-link/support.ts";

/** A real sshd, and a wire that can be cut between it and us. */
describe.skipIf(missingPeers("sshd", "ssh-keygen").length > 0)("a program on the server outlives its connection", () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.dispose());
  afterEach(cleanUp);

  async function wire() {
    const front = await listen((socket) => {
      const back = connect(sshd.port, "127.0.0.1");
      back.on("error", () => socket.destroy());
      socket.on("error", () => back.destroy());
      socket.once("close", () => back.destroy());
      back.once("close", () => socket.destroy());
      socket.pipe(back).pipe(socket);
    });
    const { link } = openLink(reachOf(sshd, { port: front.port, knownHostsFile: knownUnder(sshd, front.port) }));
    await until(link, "up");
    const cut = () => {
      for (const socket of front.sockets) socket.destroy();
    };
    return { link, cut };
  }
  type Link = Awaited<ReturnType<typeof wire>>["link"];
  const start = async (link: Link, id: string, script: string, stdin = "") => {
    const lines: string[] = [];
    let end: { code: number | null; reason: string } | null = null;
    await link.stream(jobArgv({ id, subject: `subject-${id}`, stdin }, ["sh", "-c", script]), {
      deadlineMs: 10_000,
      onLine: (line) => lines.push(line),
      onEnd: (ended) => {
        end = ended;
      },
    });
    return { lines, ended: () => end };
  };

  it("runs once, tells as it goes, and hands over its exit code", async () => {
    const { link } = await wire();
    const id = randomUUID();
    const run = await start(link, id, 'read -r word; echo "got $word"; echo err >&2; exit 7', "RESTART");
    await waitFor(() => run.ended() !== null, "its end");
    expect(run.ended()).toEqual({ code: 7, reason: "exit" });
    expect(run.lines).toEqual(["got RESTART", "err"]);
    const again = await start(link, id, "echo twice");
    await waitFor(() => again.ended() !== null, "the refusal");
    expect(again.ended()?.code).toBe(93);
    expect(again.lines).not.toContain("twice");
    expect(await readJob(link, id)).toEqual({ kind: "ended", code: 7, lines: ["got RESTART", "err"] });
    await removeJob(link, id);
    expect(await readJob(link, id)).toEqual({ kind: "absent", bootedAgo: expect.any(Number), lines: [] });
    expect(existsSync(join(tmpdir(), `gatelight-${id}`))).toBe(false);
  });

  it("goes on to its end over a cut, writing all the while; its outcome is read back", async () => {
    const { link, cut } = await wire();
    const id = randomUUID();
    const gate = join(folder(), "gate");
    const count = `${gate}.count`;
    const run = await start(link, id, `echo begun >> ${count}; echo before; while [ ! -e ${gate} ]; do echo tick; sleep 0.1; done; echo after; exit 5`);
    await waitFor(() => run.lines.includes("tick"), "its output");
    cut();
    await waitFor(() => run.ended() !== null, "the loss");
    expect(run.ended()?.reason).toBe("link-lost");
    await until(link, "up");
    expect((await readJob(link, id)).kind).toBe("running");
    await link.exec(["touch", gate], { deadlineMs: 10_000 });
    await waitFor(async () => (await readJob(link, id)).kind === "ended", "its end");
    const state = await readJob(link, id);
    expect(state).toMatchObject({ kind: "ended", code: 5 });
    expect([state.lines[0], state.lines.at(-1)]).toEqual(["before", "after"]);
    expect(readFileSync(count, "utf8")).toBe("begun\n");
    await removeJob(link, id);
  });

  it("can be ended by a person's word", async () => {
    const { link } = await wire();
    const id = randomUUID();
    const run = await start(link, id, "echo on; sleep 4719");
    await waitFor(() => run.lines.includes("on"), "its output");
    await endJob(link, id);
    await waitFor(() => run.ended() !== null, "its end");
    // Whoever takes in the dead may take a moment.
    await waitFor(async () => (await readJob(link, id)).kind !== "running", "its end is seen");
    await removeJob(link, id);
  });
});
