import { comeBack, type Fault, marked, started } from "./fault.ts";

/** The log-in and what befalls it later: rows 10 to 28. What it says is written by the stand-in in IBC's words, with IBC's timing. */

const WAITS_MS = 90_000;

export const LOGIN_FAULTS: readonly Fault[] = [
  started("still-starting", "booting", { login: "booting" }),
  started("login-window-missing", "login-window-missing", { login: "window-missing" }),
  marked("no-display", "xvfb-dead", "no-xvfb", { login: "xvfb-dead" }),
  started("wrong-password", "wrong-password", { login: "wrong-password" }),
  started("too-many-attempts", "too-many-attempts", { login: "too-many-attempts" }),
  started("second-factor-waits", "second-factor-pending", { login: "second-factor-pending", secondFactor: true }),
  started("second-factor-missed", "second-factor-missed", { login: "second-factor-missed", secondFactor: true }),
  started("second-factor-device", "second-factor-device", { login: "second-factor-device", secondFactor: true }),
  started("password-expired", "password-expired", { login: "password-expired" }),
  started("existing-session", "existing-session", { login: "existing-session" }),
  // Its sign is in launcher.log, which is read when a log-in has had no answer for half a minute, and every half minute.
  started("no-reply", "broker-lockout", { login: "broker-lockout", triesAgain: true }, { namedMs: 60_000 + WAITS_MS }),
  started("maintenance-said", "broker-maintenance", { login: "broker-maintenance" }),
  started("weekly-login", "weekly-login-due", { login: "weekly-login-due" }, { namedMs: 30_000 + WAITS_MS }),
  started("stale-autorestart", "stale-autorestart", { login: "stale-autorestart" }, { namedMs: 60_000 + WAITS_MS }),
  started("restart-stalled", "restart-stalled", { login: "restart-stalled" }, { namedMs: 150_000 + WAITS_MS }),
  started("cold-restarts", "cold-restart-loop", { login: "cold-restart-loop" }),
  started("build-desupported", "build-desupported", { login: "build-desupported" }),
  started("paper-notice", "paper-disclaimer", { login: "paper-disclaimer" }),
  {
    id: "logged-off",
    cause: "auto-logoff",
    seen: "running",
    // The lab's container is minutes old, not a day: until it ends, a closed port looks like a start.
    first: ["booting"],
    inject: async (stack, host) => {
      await host.docker(["update", "--restart=no", stack.gateway]);
      stack.order({ logsOff: true });
    },
    heal: comeBack,
  },
  {
    id: "kicked-out",
    cause: "kicked-out",
    seen: "running",
    inject: async (stack) => stack.order({ kickedOut: true }),
    heal: async (stack) => stack.order({}),
  },
];
