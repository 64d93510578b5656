import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoginFact } from "../../../electron/core/diagnosis/evidence.ts";
import { silentTimeout } from "../../../electron/core/probes/ibc-log/launcher-log.ts";
import { LoginLog } from "../../../electron/core/probes/ibc-log/login-log.ts";
import { at, boot, completed, ibc, login, raw, session, start } from "./ibc-log-samples.ts";

function read(lines: readonly string[], mode: "paper" | "live" = "paper", skew = 0): LoginFact {
  const log = new LoginLog(mode);
  for (const line of lines) log.feed(line);
  return log.snapshot(skew);
}
const kinds = (fact: LoginFact) => fact.problems.map((one) => one.kind);
const UP = [...boot(), ...session(3), ...login(12), ...completed(20)];

describe("a lock-out that is said", () => {
  const said = (text: string) => kinds(read([...boot(), ...session(3), ...login(12), ibc(15, `Login error message: ${text}`)]));
  it.each([
    "Too many failed login attempts. Please wait 10 minutes before trying again.",
    "Too many failed log-in attempts.",
    "Your account has been locked. Please contact client services.",
    "User DU1234567 is temporarily locked out.",
  ])("%s: after one attempt", (text) => {
    expect(said(text)).toContain("too-many-attempts");
  });
  it("a warning that it might come to that is none", () => {
    expect(said("Unrecognized Username or Password. After three more your account will be locked.")).not.toContain("too-many-attempts");
  });
});

describe("launcher.log", () => {
  const line = (second: number, text: string) => `2026-11-22 10:00:${String(second).padStart(2, "0")}.100 [JA] INFO - ${text}`;
  const wall = (second: number) => Date.UTC(2026, 10, 22, 10, 0, second, 100);
  const timeout = "AuthTimeoutMonitor-CCP: Timeout!";
  it.each([
    ["a log-in that timed out without a word", [line(2, "NS_AUTH"), line(32, timeout)], wall(32)],
    ["again and again", [line(32, timeout), line(59, timeout)], wall(59)],
    ["it was answered", [line(2, "NS_AUTH_START"), line(3, "passed token authentication")], null],
    ["answered after a time-out", [line(32, timeout), line(40, "AuthTimeoutMonitor-CCP: NS_AUTH_START")], null],
    ["an earlier log-in", [line(0, timeout)], null],
    ["nothing", [], null],
  ])("%s", (_name, lines, expected) => {
    expect(silentTimeout(lines.join("\n"), wall(1))).toBe(expected);
  });
  it("whatever stands in it", () => {
    fc.assert(fc.property(fc.string(), fc.integer(), (text, since) => void silentTimeout(`${line(2, text)}\n${text}`, since)));
  });
});

describe("a log-in that goes well", () => {
  it("passes every phase", () => {
    const phases = new LoginLog("paper");
    const seen: string[] = [phases.snapshot().phase];
    for (const line of UP) {
      phases.feed(line);
      const { phase } = phases.snapshot();
      if (seen.at(-1) !== phase) seen.push(phase);
    }
    expect(seen).toEqual(["none", "boot", "ibc-start", "session", "login-form", "authenticating", "logged-in", "configured"]);
  });
  it("tells all that stands in it", () => {
    expect(read(UP)).toEqual({
      phase: "configured",
      phaseAt: at(22.1),
      lastLineAt: at(22.2),
      lastProgressAt: at(22.1),
      sessions: 1,
      loginAttempts: 1,
      autorestart: "not-found",
      secondFactor: null,
      problems: [],
      earlier: [],
      openDialogs: [],
      vnc: "started",
      commandServer: "off",
      apiPort: 4002,
      readOnlyApi: false,
      relay: { from: 4004, to: 4002, tradingMode: "paper" },
      relayErrors: { refused: 0, timedOut: 0, lastAt: null },
      exit: null,
      exits: [],
      version: { gateway: "10.45.1j", ibc: "3.24.2" },
      stampSkewMs: 0,
      truncated: false,
    });
  });
  it("puts the times on our clock and says how far IBC's clock is off", () => {
    const lines = [raw(0, ".> Starting IBC/IB gateway"), ibc(5, "Login has completed", -300)];
    expect(read(lines, "paper", 90_000)).toMatchObject({ phaseAt: at(5) - 90_000, stampSkewMs: -5 * 3_600_000 });
  });
  it("notices a beginning that is missing", () => {
    expect(read(UP.slice(40)).truncated).toBe(true);
    const told = new LoginLog("paper");
    told.markTruncated();
    told.feed(raw(1, "anything"));
    expect(told.snapshot().truncated).toBe(true);
  });
});

describe("the second factor", () => {
  const asked = [
    ...boot(0, "live"),
    ...session(3),
    ...login(10, "Log In"),
    ibc(14, "detected dialog entitled: Second Factor Authentication; event=Opened"),
    ibc(14, "Second Factor Authentication initiated"),
  ];
  it("is pending from its beginning, with the limit of the settings", () => {
    const limited = asked.map((line) => line.replace("Timeout=180", "Timeout=120"));
    expect(read(limited, "live")).toMatchObject({
      phase: "second-factor",
      secondFactor: { startedAt: at(14), state: "pending", limitSeconds: 120 },
      openDialogs: [{ title: "Second Factor Authentication", at: at(14) }],
    });
  });
  const closed = (seconds: number) => [
    ...asked,
    ibc(14 + seconds, "detected dialog entitled: Second Factor Authentication; event=Closed"),
    ibc(14 + seconds, `Duration since login: ${seconds} seconds`),
  ];
  it("is approved when the dialog closes in time", () => {
    const fact = read([...closed(20), ibc(34, "If login has not completed, IBC will exit in 60 seconds")], "live");
    expect(fact).toMatchObject({ phase: "authenticating", secondFactor: { state: "approved" }, problems: [], openDialogs: [] });
    expect(read([...closed(20), ...completed(40, 4001)], "live")).toMatchObject({ phase: "configured", secondFactor: { state: "approved" } });
  });
  it("is missed for good or tried again, as the text says", () => {
    const stuck = read([...closed(181), ibc(195, "Re-login after second factor authentication timeout not required")], "live");
    expect(stuck.secondFactor?.state).toBe("missed-stuck");
    expect(kinds(stuck)).toEqual(["second-factor-missed"]);
    const again = [...closed(181), ibc(195, "Re-login after second factor authentication timeout in 5 second")];
    expect(read(again, "live").secondFactor?.state).toBe("missed-retries");
    expect(read([...again, ...login(200, "Log In").slice(2), ibc(204, "Second Factor Authentication initiated")], "live")).toMatchObject({
      secondFactor: { startedAt: at(204), state: "pending" },
      loginAttempts: 2,
    });
  });
  it("knows exit 87, with and without a restart", () => {
    const ended = [
      ...closed(20),
      ibc(100, "IBC closing because login has not completed after Second Factor Authentication"),
      ibc(100, "Exiting after error with exit code=1111"),
      raw(101, "IBC returned exit status 87"),
    ];
    expect(read([...ended, raw(101, "Gateway finished")], "live")).toMatchObject({
      phase: "ended",
      exit: { code: 87, at: at(101), willRestart: false },
      secondFactor: { state: "missed-stuck" },
    });
    const loop = read([...ended, raw(101, "IBC will restart shortly"), ...session(105)], "live");
    expect(loop).toMatchObject({ phase: "session", exit: null, exits: [{ code: 87, at: at(101) }], sessions: 2, problems: [] });
    expect(loop.earlier.map((one) => one.kind)).toEqual(["second-factor-missed"]);
  });
  it("knows a device that was not chosen", () => {
    expect(kinds(read([...asked, ibc(15, "could not find second factor device 'IB Key' in the list")], "live"))).toEqual(["second-factor-device"]);
  });
});

describe("what goes wrong", () => {
  const tried = [...boot(), ...session(3), ...login(12)];
  it.each([
    ["Login failed", "login-failed"],
    ["Too many failed login attempts. Please wait 4 minutes & 47 seconds before attempting to re-login again.", "too-many-attempts"],
    ["The system is not currently available.", "not-available"],
    ["Connection to server failed: Server disconnected, please try again", "connection-failed"],
    ["Cold restart in progress", "cold-restart"],
    ["detected dialog entitled: Existing session detected; event=Opened", "existing-session"],
    ["End this session and let the other session proceed (scenario 2)", "existing-session"],
    ["detected dialog entitled: Re-login is required; event=Opened", "relogin-required"],
    ["Re-login to session", "relogin-required"],
    ["Trading Login Handoff dialog; user must choose", "trading-login-handoff"],
    ["detected frame entitled: Password Notice; event=Opened", "password-notice"],
    ["IBC closing after TWS/Gateway failed to display login dialog", "login-window-missing"],
    ["This version of the application is out of date: it needs to be upgraded, as it will be desupported on …", "desupported"],
    ["detected dialog entitled: API client needs write access action confirmation; event=Opened", "write-access-dialog-open"],
  ])("'%s' is %s", (text, kind) => {
    expect(kinds(read([...tried, ibc(15, text)]))).toEqual([kind]);
  });
  it("finds the wrong password on the unstamped lines of the dialog", () => {
    const fact = read([...tried, ibc(15, "Login error message:"), raw(15, "Unrecognized Username or Password"), ibc(15.1, "Cold restart in progress")]);
    expect(kinds(fact)).toEqual(["login-failed", "wrong-password", "cold-restart"]);
  });
  it.each([
    ["Error: Timed out waiting for Xvfb socket!", "xvfb-failed"],
    ['XOpenDisplay(":1") failed.', "xvfb-failed"],
    ["java.lang.OutOfMemoryError: Java heap space", "out-of-memory"],
    ["/home/ibgateway/scripts/common.sh: line 246: /home/ibgateway/scripts/run_socat.sh: Is a directory", "relay-not-a-file"],
    ["WARNING: More than one autorestart file was found. IBC can't determine which is", "several-autorestart-files"],
  ])("'%s' is %s and outlives the start of the session", (text, kind) => {
    const fact = read([...boot(), raw(1.5, text), ...session(3)]);
    if (kind === "out-of-memory") expect(fact.earlier.map((one) => one.kind)).toEqual([kind]);
    else expect(kinds(fact)).toEqual([kind]);
  });
  it("forgets what a later log-in disproves, and nothing else", () => {
    const fact = read([...tried, ibc(14, "Login failed"), ibc(14, "detected dialog entitled: Accept incoming connection; event=Opened"), ...completed(20)]);
    expect(kinds(fact)).toEqual(["accept-dialog-open"]);
  });
  it("keeps the problems of earlier sessions apart: a loop is seen", () => {
    const round = (from: number) => [
      ...session(from),
      ...login(from + 2),
      ibc(from + 4, "Login failed"),
      ibc(from + 4, "Cold restart in progress"),
      raw(from + 5, "IBC returned exit status 0"),
      raw(from + 5, "IBC will cold-restart shortly"),
      raw(from + 5, "IBC will restart shortly"),
    ];
    const fact = read([...boot(), ...round(10), ...round(20), ...round(30)]);
    expect(fact).toMatchObject({ sessions: 3, loginAttempts: 3, phase: "restarting", exit: { willRestart: true } });
    expect(kinds(fact)).toEqual(["login-failed", "cold-restart"]);
    expect(fact.earlier.filter((one) => one.kind === "login-failed")).toHaveLength(2);
    expect(fact.exits).toHaveLength(3);
  });
  it("counts the relay's errors", () => {
    const socat = (seconds: number, why: string) => raw(seconds, `2026/11/22 10:00:01 socat[77] E connect(5, AF=2 127.0.0.1:4002, 16): ${why}`);
    expect(read([...UP, socat(30, "Connection refused"), socat(40, "Connection timed out"), socat(50, "Connection refused")]).relayErrors).toEqual({
      refused: 2,
      timedOut: 1,
      lastAt: at(50),
    });
  });
});

describe("dialogs", () => {
  it("are open until they close", () => {
    const open = [...UP, ibc(60, "detected dialog entitled: IBKR Gateway; event=Opened"), ibc(60, "Accept incoming connection from 172.18.0.1?")];
    expect(read(open)).toMatchObject({ openDialogs: [{ title: "IBKR Gateway", at: at(60) }], problems: [{ kind: "accept-dialog-open", at: at(60) }] });
    expect(read([...open, ibc(70, "Click button: OK"), ibc(70, "detected dialog entitled: IBKR Gateway; event=Closed")])).toMatchObject({
      openDialogs: [],
      problems: [],
    });
  });
  it("of the paper notice is answered by its button", () => {
    const notice = [
      ...boot(),
      ...session(3),
      ...login(12),
      ibc(15, "detected dialog entitled: Warning; event=Opened"),
      ibc(15, "This is not a brokerage account"),
    ];
    expect(kinds(read(notice))).toEqual(["paper-disclaimer-open"]);
    expect(kinds(read([...notice, ibc(15.2, "Click button: I understand and accept")]))).toEqual([]);
  });
  it("are not made of IBC's own settings and complaints", () => {
    expect(
      kinds(
        read([
          ...UP,
          raw(30, "    AcceptIncomingConnectionAction=accept"),
          ibc(30, "could not accept incoming connection because we could not find one of the controls."),
        ]),
      ),
    ).toEqual([]);
  });
});

describe("ends", () => {
  it("sees a restart inside the container", () => {
    const down = [
      ...UP,
      ibc(3600, "detected dialog entitled: Restart in progress; event=Opened"),
      ibc(3601, "detected dialog entitled: Shutdown progress; event=Opened"),
      raw(3610, "IBC returned exit status 0"),
      raw(3610, "autorestart file found at ./abc/autorestart: authentication will not be required"),
      raw(3610, "IBC will restart shortly"),
    ];
    expect(read(down)).toMatchObject({ phase: "restarting", exit: { code: 0, willRestart: true }, autorestart: "found" });
    const back = [...down, ibc(3620, "Re-starting session"), ibc(3621, "Starting Gateway")];
    expect(read(back)).toMatchObject({ phase: "session", exit: null, sessions: 2, lastProgressAt: at(3620) });
    expect(read([...back, ...completed(3640)])).toMatchObject({ phase: "configured", problems: [] });
  });
  it("tells auto-logoff from an end that was asked for", () => {
    const end = [
      raw(3610, "IBC returned exit status 0"),
      raw(3610, "autorestart file not found: full authentication will be required"),
      raw(3611, "Gateway finished"),
    ];
    expect(kinds(read([...UP, ...end]))).toEqual(["auto-logoff"]);
    expect(kinds(read([...UP, ibc(3600, "CommandServer received command: STOP"), ...end]))).toEqual([]);
    expect(read([...UP, raw(3600, ".> 😘 Received SIGINT or SIGTERM. Shutting down IB Gateway."), ...end])).toMatchObject({ phase: "ended", problems: [] });
  });
  it("knows a missing log-in window by exit 88 and its loop", () => {
    const fact = read([...boot(), ...session(3), raw(70, "IBC returned exit status 88"), raw(70, "IBC will restart shortly")]);
    expect(kinds(fact)).toEqual(["login-window-missing"]);
    expect(fact.phase).toBe("restarting");
  });
  it("knows a pause", () => {
    expect(read([...UP, raw(99, "IBC returned exit status 0"), raw(99, "IBC is paused"), raw(99, "Gateway finished")]).phase).toBe("paused");
  });
  it("begins anew when the container does", () => {
    expect(read([...UP, ibc(60, "Login failed"), ...boot(100)])).toMatchObject({ phase: "ibc-start", sessions: 0, problems: [], earlier: [] });
  });
});

describe("dual mode", () => {
  const both = [
    ...boot(0, "live"),
    ...session(3),
    ...login(10, "Log In"),
    ibc(14, "Second Factor Authentication initiated"),
    ...start(15.8, "paper"),
    raw(16, "Forking :::4002 onto 0.0.0.0:4004 > trading mode paper "),
    ...session(18),
    ...login(26),
    ...completed(30),
  ];
  it("follows each gateway through the mixed log", () => {
    expect(read(both, "paper")).toMatchObject({ phase: "configured", secondFactor: null, apiPort: 4002, relay: { to: 4002 }, sessions: 1 });
    expect(read(both, "live")).toMatchObject({ phase: "second-factor", secondFactor: { state: "pending" }, apiPort: null, relay: { to: 4001 }, sessions: 1 });
  });
  it("gives a line to the only one it fits", () => {
    const live = [...both, ibc(60, "Duration since login: 46 seconds"), ibc(65, "Login has completed"), ibc(66, "Configuration tasks completed")];
    expect(read(live, "live")).toMatchObject({ phase: "configured", secondFactor: { state: "approved" } });
    expect(read(live, "paper").phase).toBe("configured");
  });
});

describe("anything at all", () => {
  const texts = [...UP, ...login(5), "WARNING: More than one autorestart file", "IBC returned exit status 3"].map((line) => line.slice(32));
  const line = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.constantFrom(...texts).map((text) => ibc(1, text)),
    fc.tuple(fc.constantFrom(...UP), fc.nat(120)).map(([text, length]) => text.slice(0, length)),
  );
  it("never throws, and gives a fact that can be written down", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.constantFrom("paper" as const, "live" as const), (lines, mode) => {
        const fact = read(lines, mode);
        expect(JSON.parse(JSON.stringify(fact))).toEqual(fact);
      }),
    );
  });
  it("stays bounded over a long log of trouble and over lines of 64 KiB", () => {
    const log = new LoginLog("paper");
    for (let index = 0; index < 3000; index++) {
      log.feed(ibc(index, `detected dialog entitled: window ${index}; event=Opened`));
      log.feed(ibc(index, "Login failed"));
      if (index % 3 === 0) log.feed(raw(index, "IBC returned exit status 1"));
      if (index % 3 === 0) log.feed(ibc(index, "Starting session: will exit if"));
    }
    log.feed(ibc(4000, "Login failed".padEnd(65_536, " ")));
    log.feed(raw(4001, `detected dialog entitled: ${"x".repeat(65_536)}`));
    expect(JSON.stringify(log.snapshot()).length).toBeLessThan(40_000);
  });
});
