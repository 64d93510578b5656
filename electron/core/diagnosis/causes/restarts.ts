import { type Cause, certain, likely, possible } from "../cause.ts";
import type { Look } from "../look.ts";
import { coarse, duration, plural, redact } from "../text.ts";
import { notLoggedIn, quietMs } from "./login.ts";

/** Restarts that go wrong: rows 24 to 28. */

const DAY = 86_400_000;

/** Starts about a day apart, each after a clean end: what auto-logoff with Docker's restart policy looks like. */
function dailyStarts(look: Look): number {
  const starts = look.evidence.history.starts.filter((start) => !start.byUs && start.exitCode === 0);
  return starts.filter((start, index) => {
    const before = starts[index - 1];
    return before !== undefined && Math.abs(start.startedAt - before.startedAt - DAY) < 30 * 60_000;
  }).length;
}

export const RESTART_CAUSES: readonly Cause[] = [
  {
    id: "stale-autorestart",
    row: 24,
    light: "login",
    state: "down",
    word: "stale token",
    title: "A stale autorestart file keeps the gateway at its log-in form",
    repairs: ["restart-container", "fresh-reinstall"],
    requires: "“autorestart file found” or “More than one autorestart file”, the form shown and no log-in attempt for a minute",
    ruledOutBy: "a log-in attempt since; Sunday's token death (then: weekly-login-due)",
    decides: "ls of <settings>/*/autorestart in the container; deleting it lets IBC log in afresh.",
    beats: ["booting", "restart-stalled"],
    rivals: ["weekly-login-due", "booting"],
    when: (look) => {
      const login = look.login;
      if (login === null || !notLoggedIn(look) || look.running === null) return null;
      const several = look.problem("several-autorestart-files");
      if (several !== null || login.autorestart === "several")
        return certain([several === null ? "More than one autorestart file was found." : `The log says: “${redact(several.text)}”`]);
      if (login.autorestart !== "found" || login.phase !== "login-form" || login.loginAttempts > 0) return null;
      const quiet = quietMs(look);
      if (quiet < 60_000) return null;
      const because = [`An autorestart file was found, so IBC does not type a password, yet the log-in form has been shown for ${duration(quiet)}.`];
      return quiet > 180_000 ? certain(because) : likely(because);
    },
  },
  {
    id: "restart-stalled",
    row: 25,
    light: "login",
    state: "down",
    word: "stalled",
    title: "The gateway's restart has stalled",
    repairs: ["stop-and-start", "restart-container"],
    requires: "“Re-starting session” and “Starting Gateway”, then no progress for five minutes and no API listener",
    ruledOutBy: "a log-in form, a second factor or a listener",
    decides: "IBC's command port: if it accepts and stays mute, the JVM is stuck.",
    beats: ["booting"],
    rivals: ["booting", "gateway-hung"],
    when: (look) => {
      const login = look.login;
      if (login === null || !notLoggedIn(look) || look.running === null || look.apiListeners.length > 0) return null;
      const again = login.sessions >= 2 || login.autorestart === "found" || login.phase === "restarting";
      if (!again || (login.phase !== "session" && login.phase !== "restarting" && login.phase !== "ibc-start")) return null;
      const quiet = quietMs(look);
      const because = [`The gateway began to restart and the log has shown no progress for ${duration(quiet)}; no API port is open.`];
      if (quiet >= 300_000) return certain(because);
      return quiet >= 150_000 ? likely(because) : null;
    },
  },
  {
    id: "auto-logoff",
    row: 26,
    light: "container",
    state: "down",
    word: "logged off",
    title: "The gateway logs itself off each day instead of restarting",
    repairs: ["restart-container", "recreate-container"],
    requires: "IBC's words about auto-logoff, or clean ends about a day apart without an autorestart file",
    ruledOutBy: "“IBC will restart shortly” (a restart within the container)",
    decides: "AUTO_RESTART_TIME in the compose file: set, in the form “hh:mm AM”, without quotes?",
    beats: ["container-exited", "booting", "second-factor-pending"],
    rivals: ["container-exited", "second-factor-pending", "second-factor-missed", "booting"],
    when: (look) => {
      if (look.answering || look.loggedIn || look.present === null) return null;
      const said = look.problem("auto-logoff") ?? look.login?.earlier.findLast((problem) => problem.kind === "auto-logoff") ?? null;
      const days = dailyStarts(look);
      const daily = days > 0 ? [`Clean ends about a day apart: ${plural(days + 1, "start")} seen.`] : [];
      const clean = look.present.status === "exited" ? look.present.exitCode === 0 : true;
      if (said !== null && clean && look.now - said.at < DAY)
        return certain([`The log says, ${coarse(look.now - said.at)} ago: “${redact(said.text)}”`, ...daily]);
      if (days >= 1 && clean && look.login?.autorestart === "not-found")
        return likely([...daily, "No autorestart file was found, so each start wants a full log-in."]);
      return null;
    },
  },
  {
    id: "cold-restart-loop",
    row: 27,
    light: "login",
    state: "down",
    word: "cold restarts",
    title: "The gateway restarts cold over and over",
    repairs: ["recreate-container"],
    requires: "“Cold restart in progress” at least three times",
    ruledOutBy: "one cold restart on a Sunday; a wrong password before it",
    decides: "TWS_COLD_RESTART in the compose file.",
    beats: ["booting", "restart-loop"],
    rivals: ["restart-loop", "booting"],
    when: (look) => {
      if (look.answering || look.loggedIn || look.login === null) return null;
      const all = [...look.login.earlier, ...look.login.problems];
      if (all.some((problem) => problem.kind === "wrong-password" || problem.kind === "login-failed")) return null;
      const recent = all.filter((problem) => problem.kind === "cold-restart" && look.now - problem.at < 60 * 60_000);
      const because = [`“Cold restart in progress” ${recent.length} times within the last hour.`];
      if (recent.length >= 3) return certain(because);
      return recent.length === 2 ? likely(because) : null;
    },
  },
  {
    id: "paper-disclaimer",
    row: 28,
    light: "login",
    state: "down",
    word: "notice open",
    title: "The paper-trading notice waits to be accepted",
    repairs: ["open-api-settings"],
    requires: "the dialog “This is not a brokerage account” without “I understand and accept” after it, or code 10141",
    ruledOutBy: "“I understand and accept” was clicked",
    decides: "The gateway's screen shows it.",
    beats: ["accept-dialog", "gateway-hung", "booting"],
    rivals: ["accept-dialog"],
    when: (look) => {
      if (look.login === null || look.running === null) return null;
      const said = look.problem("paper-disclaimer-open");
      const notice = look.broker?.notices.find((each) => each.code === 10141) ?? null;
      const code = notice === null ? [] : [`The API reported 10141, ${coarse(look.now - notice.at)} ago: the notice is not accepted.`];
      const at = said?.at ?? null;
      // IBC accepts it by itself within a few seconds.
      if (at !== null && look.now - at > 20_000 && !(look.answering && code.length === 0)) {
        return certain([`The notice has been open for ${duration(look.now - at)}; until it is accepted the API stays silent.`, ...code]);
      }
      return code.length > 0 ? (at === null ? likely(code) : possible(code)) : null;
    },
  },
];
