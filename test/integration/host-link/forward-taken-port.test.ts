import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { createForward, type ForwardOptions } from "../../../electron/core/host-link/forward/create-forward.ts";
import { linuxHolder } from "../../../electron/core/host-link/forward/linux-holder.ts";
import { macosHolder } from "../../../electron/core/host-link/forward/macos-holder.ts";
import { runProgram } from "../../../electron/core/host-link/forward/run-program.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { missingPeers, peer } from "../../support/peers.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A listener of this process. @returns its port */
async function taken(host?: string): Promise<number> {
  const holder = createServer();
  await new Promise<void>((resolve, reject) => holder.once("error", reject).listen({ port: 0, ...(host === undefined ? {} : { host }) }, resolve));
  ends.push(() => new Promise((resolve) => holder.close(() => resolve())));
  const address = holder.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

function forwardOn(localPort: number, options: Pick<ForwardOptions, "clock" | "holderOf">) {
  const forward = createForward({ link: { dial: () => Promise.reject(new Error("not dialled")) }, address: () => null, localPort, ...options });
  ends.push(() => forward.dispose());
  return forward;
}

it("names the port alone once its holder has been looked for long enough, and where the search fails", async () => {
  const port = await taken("127.0.0.1");
  const clock = new FakeClock();
  const slow = forwardOn(port, { clock, holderOf: () => new Promise(() => {}) });
  const started = slow.start();
  await vi.waitUntil(() => clock.pending === 1, { timeout: 30_000 });
  expect(slow.report.state).toBe("off");
  await clock.advance(5_000);
  await started;
  expect(slow.report).toMatchObject({ state: "failed", localPort: null, detail: `Port ${port} is already in use.` });
  const broken = forwardOn(port, { clock, holderOf: () => Promise.reject(new Error("EMFILE")) });
  await broken.start();
  expect(broken.report).toMatchObject({ state: "failed", detail: `Port ${port} is already in use.` });
  // Nothing waits but the two next attempts.
  expect(clock.pending).toBe(2);
});

it("listens by itself once the port is free, and asks once who holds it", async () => {
  const port = await taken("127.0.0.1");
  const clock = new FakeClock();
  let asked = 0;
  const forward = forwardOn(port, { clock, holderOf: () => Promise.resolve(`somebody (process ${++asked})`) });
  await forward.start();
  const states: string[] = [];
  forward.onReport((report) => void states.push(report.state));
  for (let attempt = 0; attempt < 3; attempt++) {
    await clock.advance(5_000);
    await vi.waitUntil(() => clock.pending === 1, { timeout: 30_000 });
  }
  expect([forward.report.detail, asked, states]).toEqual([`Port ${port} is already in use by somebody (process 1).`, 1, []]);
  await ends.splice(0, 1)[0]?.();
  await clock.advance(5_000);
  await vi.waitUntil(() => forward.report.state === "listening", { timeout: 30_000 });
  expect(forward.report).toMatchObject({ localPort: port, detail: "" });
  expect(clock.pending).toBe(0);
});

it("tries no more once it is disposed", async () => {
  const clock = new FakeClock();
  const forward = forwardOn(await taken("127.0.0.1"), { clock, holderOf: () => Promise.resolve(null) });
  await forward.start();
  expect([forward.report.state, clock.pending]).toEqual(["failed", 1]);
  await forward.dispose();
  expect([forward.report.state, clock.pending]).toEqual(["off", 0]);
});

it("stops looking when it is disposed", async () => {
  const clock = new FakeClock();
  const forward = forwardOn(await taken("127.0.0.1"), { clock, holderOf: () => new Promise(() => {}) });
  const started = forward.start();
  await vi.waitUntil(() => clock.pending === 1, { timeout: 30_000 });
  await forward.dispose();
  await started;
  expect([forward.report.state, clock.pending]).toEqual(["off", 0]);
});

it("runs a program of the system for a while and for so many bytes, and takes nothing from one that fails", async () => {
  const run = (script: string) => runProgram("/bin/sh", ["-c", script]);
  // A machine that is busy may need more than its deadline even for this.
  const said = async (ask: () => Promise<Buffer | null>) => String(await vi.waitUntil(ask, { timeout: 30_000 }));
  expect(await said(() => run("echo said; echo warned >&2"))).toBe("said\n");
  expect(await runProgram("/usr/sbin/not-there", [])).toBeNull();
  expect(await run("echo said; exit 1")).toBeNull();
  expect(await run("exec yes")).toBeNull();
  expect(await run("kill -9 $$")).toBeNull();
  // No shell: an argument stays one.
  expect(await said(() => runProgram("/bin/echo", ["a; echo b", "$HOME"]))).toBe("a; echo b $HOME\n");
  expect(await run('trap "" TERM; echo said; exec sleep 600')).toBeNull();
});

it("knows the holder from the real lsof as it does from /proc", async ({ skip }) => {
  if (!existsSync("/proc/net/tcp")) skip("needs Linux");
  if (missingPeers("lsof").length > 0) skip("lsof is not installed: npm run setup:peers");
  // macOS has it in /usr/sbin.
  const run: typeof runProgram = (program, args) => runProgram(program === "/usr/sbin/lsof" ? peer("lsof") : program, args);
  const ports = [await taken("127.0.0.1"), await taken("0.0.0.0"), await taken()];
  for (const port of ports) {
    // lsof may be late on a machine that is busy; then it knows nobody, and is asked again.
    const holder = await vi.waitUntil(() => macosHolder(port, run), { timeout: 30_000 });
    expect(holder).toMatch(new RegExp(` \\(process ${process.pid}\\)$`));
    expect(holder).toBe(await linuxHolder(port));
  }
  for (const end of ends.splice(0)) await end();
  for (const port of ports) expect(await macosHolder(port, run)).toBeNull();
});
