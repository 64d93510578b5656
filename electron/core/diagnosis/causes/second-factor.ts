import { type Cause, certain, likely, possible } from "../cause.ts";
import type { Look } from "../look.ts";
import { coarse, duration, redact } from "../text.ts";
import { notLoggedIn, quietMs } from "./login.ts";

/** The second factor: rows 15 to 17. IBC ends 60 s after the limit it names, hence the slack. */
const EXIT_INTERVAL_MS = 60_000;

const factor = (look: Look) => (look.login === null || look.answering || look.loggedIn ? null : look.login.secondFactor);

export const SECOND_FACTOR_CAUSES: readonly Cause[] = [
  {
    id: "second-factor-device",
    row: 17,
    light: "login",
    state: "needs-you",
    word: "which device?",
    title: "IBKR asks which second-factor device to use",
    repairs: ["open-api-settings", "recreate-container"],
    requires: "IBC's words that the device is not given or was not found",
    ruledOutBy: "a second factor begun afterwards",
    decides: "The list of devices in the gateway's dialog against SecondFactorDevice, letter by letter.",
    beats: ["second-factor-pending", "second-factor-missed", "booting"],
    when: (look) => {
      const said = look.problem("second-factor-device");
      return said === null || look.answering || look.loggedIn ? null : certain([`The log says, ${coarse(look.now - said.at)} ago: “${redact(said.text)}”`]);
    },
  },
  {
    id: "second-factor-pending",
    row: 15,
    light: "login",
    state: "needs-you",
    word: "approve",
    title: "IBKR waits for your second factor: approve it on your phone",
    repairs: ["wait"],
    requires: "“Second Factor Authentication initiated”, not yet answered, within its time",
    ruledOutBy: "its time is over; log-in completed",
    decides: null,
    beats: ["booting", "weekly-login-due"],
    rivals: ["weekly-login-due", "competing-healer"],
    when: (look) => {
      const pending = factor(look);
      if (pending?.state !== "pending" || look.running === null) return null;
      const ends = pending.startedAt + pending.limitSeconds * 1000;
      if (look.now > ends + EXIT_INTERVAL_MS) return null;
      const because = [`It was asked for ${coarse(look.now - pending.startedAt)} ago and may be answered for ${pending.limitSeconds} s.`];
      return certain(because, { endsAt: ends });
    },
  },
  {
    id: "second-factor-missed",
    row: 16,
    light: "login",
    state: "needs-you",
    word: "2FA missed",
    title: "The second factor was not answered in time",
    repairs: ["restart-soft", "restart-container"],
    requires: "IBC's words about the time-out, exit status 87, or the limit long over",
    ruledOutBy: "a newer second factor waits; log-in completed",
    decides: "“Re-login … not required” (stands still until restarted) or “… in 5 second” (asks again by itself).",
    beats: ["booting", "weekly-login-due", "stale-autorestart"],
    rivals: ["container-exited", "restart-loop", "weekly-login-due"],
    when: (look) => {
      if (look.login === null && look.present?.exitCode !== 87) return null;
      if (look.answering || look.loggedIn) return null;
      const missed = factor(look);
      if (missed?.state === "missed-stuck") {
        return certain(
          [`Asked for ${duration(look.now - missed.startedAt)} ago, not answered within ${missed.limitSeconds} s; IBC will not try again by itself.`],
          {
            repairs: ["restart-container"],
          },
        );
      }
      if (missed?.state === "missed-retries") {
        return certain(
          [`Asked for ${coarse(look.now - missed.startedAt)} ago, not answered within ${missed.limitSeconds} s; IBC logs in again, so it will ask once more.`],
          { repairs: ["wait"] },
        );
      }
      if (missed?.state === "pending" && look.now > missed.startedAt + missed.limitSeconds * 1000 + EXIT_INTERVAL_MS) {
        return likely([`Asked for ${duration(look.now - missed.startedAt)} ago; its ${missed.limitSeconds} s are over and nothing followed.`]);
      }
      if (look.present?.status === "exited" && look.present.exitCode === 87) return likely(["The container ended with exit code 87: second factor timed out."]);
      const said = look.problem("second-factor-missed") ?? look.login?.earlier.findLast((problem) => problem.kind === "second-factor-missed") ?? null;
      if (said !== null && missed?.state !== "pending") return likely([`The log says, ${coarse(look.now - said.at)} ago: “${redact(said.text)}”`]);
      const exit = look.login?.exits.findLast((each) => each.code === 87) ?? null;
      if (exit !== null && look.now - exit.at < 30 * 60_000 && missed?.state !== "pending")
        return likely([`IBC ended with status 87 ${coarse(look.now - exit.at)} ago: second factor timed out.`]);
      return null;
    },
  },
  {
    id: "weekly-login-due",
    row: 23,
    light: "login",
    state: "needs-you",
    word: "weekly log-in",
    title: "Sunday's log-in is due: IBKR wants you in person once a week",
    repairs: ["restart-container"],
    requires: "later than Sunday 01:00 New York, and a gateway that wants a full log-in after a restart",
    ruledOutBy: "a completed log-in since; a fault the log names",
    decides: "Whether a full log-in with second factor goes through now.",
    beats: ["booting", "stale-autorestart", "restart-stalled"],
    rivals: ["second-factor-pending", "second-factor-missed", "stale-autorestart"],
    when: (look) => {
      const died = look.calendar.tokenDiedAt;
      const login = look.login;
      if (login === null || !notLoggedIn(look) || look.running === null) return null;
      if (look.problem("wrong-password", "login-failed", "too-many-attempts", "several-autorestart-files", "login-window-missing") !== null) return null;
      const form = login.phase === "login-form" || login.phase === "second-factor";
      if (died === null) {
        // The rest of the week: a token that was good is refused, and nobody has logged in in person yet.
        const refused = login.phase === "login-form" && login.autorestart === "found" && login.loginAttempts > 0 && quietMs(look) > 30_000;
        return refused ? likely(["The restart without second factor was refused and the log-in form is shown again: IBKR wants a log-in in person."]) : null;
      }
      const since = `The log-in token died on Sunday 01:00 New York, ${duration(look.now - died)} ago`;
      const phaseSince = login.phaseAt ?? look.now;
      if (phaseSince < died) return null;
      if (login.secondFactor !== null && (login.secondFactor.state === "missed-retries" || login.secondFactor.state === "missed-stuck"))
        return possible([`${since}.`]);
      if (form && login.autorestart === "found") return certain([`${since}; the restart without second factor was refused and the log-in form is shown.`]);
      const kept = look.evidence.history.lastReadyAt;
      if (form && kept !== null && kept < died && look.now - phaseSince > 90_000) return likely([`${since}; the gateway stands at its log-in form.`]);
      if (form && login.secondFactor !== null) return possible([`${since}.`]);
      return null;
    },
  },
];
