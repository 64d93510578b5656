import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { GatewayEvidence, Route, ScreenFact, ScreenServerFact } from "../../../electron/core/diagnosis/evidence.ts";
import { LookLoop } from "../../../electron/core/probes/look-loop.ts";
import { greetScreen } from "../../../electron/core/probes/screen-greeting.ts";
import { ScreenPulse } from "../../../electron/core/probes/screen-pulse.ts";
import { socketsFact } from "../../../electron/core/probes/sockets-fact.ts";
import { createRefusedPasswords } from "../../../electron/core/screen/refused-passwords.ts";
import { checkScreen } from "../../../electron/core/screen/screen-check.ts";
import { ScreenError } from "../../../electron/core/screen/screen-error.ts";
import type { ScreenReport } from "../../../electron/core/screen/screen-ports.ts";
import { afterReport, SideProbes } from "../../../electron/core/side-probes.ts";
import { DESKTOP_PEERS, type Desktop, startDesktop } from "../../support/desktop.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { createStandInLink } from "../../support/local-stand-in.ts";
import { missingPeers } from "../../support/peers.ts";
import { healthy } from "../../unit/diagnosis/evidence-builder.ts";

const PASSWORD = "swordf1sh";
const MINUTE = 60_000;

/** Real servers, a clock that is moved, and what a person may do in between. */
describe.skipIf(missingPeers(...DESKTOP_PEERS).length > 0)("watching a real screen for long", () => {
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  const desktopOf = async (kind: "x11vnc" | "tigervnc", args: readonly string[] = []) => {
    const desktop = await startDesktop({ kind, password: PASSWORD, args });
    undo.push(() => desktop.dispose());
    return desktop;
  };
  const logIn = async (desktop: Desktop, password = PASSWORD) => {
    const seen: ScreenReport[] = [];
    const address = { host: "127.0.0.1", port: desktop.port };
    const signal = new AbortController().signal;
    await checkScreen({ link: createStandInLink(), address, password, clock: systemClock, signal, glance: true, report: (report) => seen.push(report) });
    return seen[0];
  };
  const accepted = { kind: "login", version: "3.8", login: "accepted" };

  /** @param known the password that is kept @param table whether the server's socket table can be read */
  function watch(desktop: Desktop, known: string | null, table: boolean, screen?: ScreenServerFact) {
    const clock = new FakeClock();
    const inner = createStandInLink();
    let dialed = 0;
    const open = new Set<unknown>();
    const link = Object.assign(Object.create(inner), {
      dial: async (...words: Parameters<typeof inner.dial>) => {
        dialed++;
        open.add(words);
        try {
          const stream = await inner.dial(...words);
          stream.once("close", () => open.delete(words));
          return stream;
        } catch (error) {
          open.delete(words);
          throw error;
        }
      },
    });
    const base = healthy(clock.now());
    const route: Route = { host: "127.0.0.1", port: desktop.port, by: "published", containerPort: 5900, through: "direct" };
    const listening =
      base.sockets === null || !table ? null : { at: clock.now(), value: { ...base.sockets.value, ...(screen === undefined ? {} : { screen }) } };
    let evidence: GatewayEvidence = { ...base, screen: null, processes: null, login: null, sockets: listening };
    const facts: (ScreenFact | null)[] = [];
    const set = (value: ScreenFact) => {
      facts.push(value);
      evidence = { ...evidence, screen: { at: clock.now(), value } };
    };
    const side = new SideProbes({
      clock,
      link,
      docker: "docker",
      target: { ...base.gateway, mcp: null },
      vnc: () => route,
      evidence: () => evidence,
      screenOpen: () => false,
      take: (given) => given.screen !== undefined && set(given.screen.value),
      screenPassword: async () => known,
      screenRefused: createRefusedPasswords().of("home", "paper"),
      screenReport: (report) => {
        side.screenReported(report);
        if (report.kind !== "failed") set(afterReport(evidence.screen?.value ?? null, report));
      },
      screenFault: () => undefined,
    });
    undo.push(() => side.dispose());
    const settled = async () => {
      const until = Date.now() + 20_000;
      while (open.size > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 2));
      expect(open.size).toBe(0);
    };
    side.start();
    return {
      facts,
      now: () => evidence.screen?.value ?? null,
      get dialed() {
        return dialed;
      },
      settled,
      advance: (ms: number) => clock.advance(ms),
      /** What the sockets and processes show has changed. */
      see(next: ScreenServerFact) {
        if (evidence.sockets !== null) evidence = { ...evidence, sockets: { at: clock.now(), value: { ...evidence.sockets.value, screen: next } } };
        side.factsChanged();
      },
      report: (report: ScreenReport) => side.screenReported(report),
      async minutes(count: number) {
        for (let minute = 0; minute < count; minute++) {
          // What begins within it is given its real time.
          for (let second = 0; second < 60; second++) {
            await settled();
            await clock.advance(1_000);
          }
          await settled();
        }
      },
    };
  }

  it.each([
    ["whose password is not known is not touched while its socket is seen", null, true, 0],
    ["whose password is not known, on a server that tells nothing of its sockets, is greeted once", null, false, 1],
    ["whose kept password was refused is not touched again", "wrongone", true, 1],
    ["whose password is known is logged in to now and then", PASSWORD, true, 5],
  ] as const)("TigerVNC %s, and lets the person in at the end", { timeout: 90_000 }, async (_name, known, table, most) => {
    const desktop = await desktopOf("tigervnc");
    const watching = watch(desktop, known, table);
    await watching.settled();
    await watching.minutes(60);
    expect(watching.dialed).toBeLessThanOrEqual(most);
    if (known === PASSWORD) expect(watching.dialed).toBeGreaterThan(2);
    if (known === null && table) expect(watching.now()).toMatchObject({ kind: "listens" });
    // A person mistypes it twice, and then gets in.
    expect(await logIn(desktop, "mistyped")).toMatchObject({ login: "refused" });
    expect(await logIn(desktop, "mistyped")).toMatchObject({ login: "refused" });
    expect(await logIn(desktop)).toEqual(accepted);
  });

  it("TigerVNC that a person could not reach is looked into, at most three times", async () => {
    const desktop = await desktopOf("tigervnc");
    const watching = watch(desktop, null, true);
    desktop.signal("SIGSTOP");
    watching.report({ kind: "failed", error: new ScreenError("silent", "the screen's server did not finish the log-in") });
    await expect.poll(() => watching.dialed, { timeout: 10_000 }).toBe(1);
    // Its deadlines are the clock's: nothing else ends what waits for it.
    for (let step = 0; step < 180; step++) await watching.advance(10_000);
    expect(watching.dialed).toBeLessThanOrEqual(3);
    expect(watching.facts.some((fact) => fact?.kind === "silent")).toBe(true);
    desktop.signal("SIGCONT");
    expect(await logIn(desktop)).toEqual(accepted);
  });

  /** Connections without a log-in, as a careless monitor makes them. */
  async function provoke(desktop: Desktop, times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const socket = connect(desktop.port, "127.0.0.1");
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
    }
  }

  it("TigerVNC that was provoked by another program: the block is no fault, what was known stays, and a log-in ends it", async () => {
    const desktop = await desktopOf("tigervnc", ["-BlacklistTimeout", "2"]);
    const blind = watch(desktop, null, false);
    await blind.minutes(1);
    expect(blind.now()).toMatchObject({ kind: "answers", version: "003.008" });
    await provoke(desktop, 6);
    const route: Route = { host: "127.0.0.1", port: desktop.port, by: "published", containerPort: 5900, through: "direct" };
    expect(await greetScreen(createStandInLink(), route, systemClock)).toEqual({
      kind: "blocked",
      detail: "it turns log-ins away for a while: “Too many security failures”",
    });
    const knowing = watch(desktop, PASSWORD, true);
    await expect.poll(() => knowing.now(), { timeout: 10_000 }).toMatchObject({ kind: "listens", detail: expect.stringContaining("turns log-ins away") });
    const again = async () => {
      await knowing.minutes(1);
      return knowing.now();
    };
    await expect.poll(again, { timeout: 30_000, interval: 500 }).toMatchObject({ kind: "answers", login: "accepted", picture: "painted" });
    expect(knowing.facts.every((fact) => fact?.kind === "listens" || (fact?.kind === "answers" && fact.login === "accepted"))).toBe(true);
    // Its count is clean: four more that do not log in harm nobody.
    await provoke(desktop, 4);
    expect(await logIn(desktop)).toEqual(accepted);
  });

  const runs: ScreenServerFact = { x11vnc: "running", xvfb: "running", forever: true };

  it("x11vnc is greeted each minute; that it or its display stands still is told at once, without a connection", { timeout: 90_000 }, async () => {
    const desktop = await desktopOf("x11vnc");
    const watching = watch(desktop, null, true, runs);
    watching.see(runs);
    await watching.minutes(10);
    expect(watching.dialed).toBeGreaterThanOrEqual(10);
    expect(watching.now()).toMatchObject({ kind: "answers", version: "003.008" });
    const before = watching.dialed;
    watching.see({ ...runs, xvfb: "stopped" });
    await expect.poll(() => watching.now()).toMatchObject({ kind: "silent", detail: expect.stringContaining("Xvfb") });
    expect(watching.dialed).toBe(before);
    watching.see(runs);
    await expect.poll(() => watching.now(), { timeout: 10_000 }).toMatchObject({ kind: "answers" });
    expect(await logIn(desktop)).toEqual(accepted);
    // Slow for once, it is greeted again at once, and not for a minute taken for dead; what is dead is left in peace.
    desktop.signal("SIGSTOP");
    await watching.advance(MINUTE);
    await watching.advance(5_000);
    await expect.poll(() => watching.now()).toMatchObject({ kind: "silent" });
    const first = watching.dialed;
    desktop.signal("SIGCONT");
    await watching.advance(3_000);
    expect(watching.dialed).toBe(first + 1);
    await expect.poll(() => watching.now(), { timeout: 10_000 }).toMatchObject({ kind: "answers" });
    desktop.signal("SIGSTOP");
    for (let step = 0; step < 60; step++) await watching.advance(10_000);
    expect(watching.dialed).toBeLessThan(first + 1 + 10 + 6);
    desktop.signal("SIGCONT");
  });

  it("x11vnc that ends with its first viewer is never logged in to by the watcher", async () => {
    const desktop = await desktopOf("x11vnc");
    const watching = watch(desktop, PASSWORD, true, { ...runs, forever: false });
    await watching.minutes(4);
    expect(watching.now()).toMatchObject({ kind: "answers", login: "not-tried" });
    expect(desktop.log()).not.toMatch(/authentication passed|ClientInit/i);
  });

  it("a display that froze is seen in the processes: it stopped, and x11vnc does not run any more; both go on", { timeout: 90_000 }, async () => {
    const desktop = await desktopOf("x11vnc");
    const pidOf = (name: string) => {
      const pids = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ");
      return Number(pids.find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === name));
    };
    const loop = new LookLoop({ link: createStandInLink(), clock: systemClock, onEnd: () => undefined });
    undo.push(() => loop.dispose());
    await loop.start();
    const pulse = new ScreenPulse();
    const ports = { api: 4002, relay: 4004, vnc: desktop.port };
    const look = async (more = false) => {
      const answer = await loop.look(process.pid, ports, more, 15_000);
      if (answer?.kind !== "table") throw new Error("no answer");
      return socketsFact(answer.table, ports, "host-proc", pulse.take(answer.table.screen, Date.now()));
    };
    expect((await look(true)).screen).toEqual(runs);
    const xvfb = pidOf("Xvfb");
    undo.push(() => process.kill(xvfb, "SIGCONT"));
    process.kill(xvfb, "SIGSTOP");
    await expect.poll(async () => (await look()).screen, { timeout: 10_000 }).toMatchObject({ xvfb: "stopped" });
    // x11vnc waits for its display: by itself that would tell, too.
    await expect.poll(async () => (await look()).screen, { timeout: 40_000, interval: 500 }).toMatchObject({ x11vnc: "stalled" });
    process.kill(xvfb, "SIGCONT");
    await expect.poll(async () => (await look()).screen, { timeout: 20_000 }).toEqual(runs);
    desktop.signal("SIGSTOP");
    await expect.poll(async () => (await look()).screen, { timeout: 10_000 }).toMatchObject({ x11vnc: "stopped" });
    desktop.signal("SIGCONT");
    await expect.poll(async () => (await look()).screen, { timeout: 20_000 }).toEqual(runs);
    await desktop.kill();
    await expect.poll(async () => (await look(true)).screen, { timeout: 20_000 }).toBeUndefined();
  });
});
