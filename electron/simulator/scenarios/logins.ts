import type { LoginPlan } from "../gateway/plan.ts";
import type { HomeGateway } from "../home.ts";
import { begin, type Scenario, type Stage } from "./scenario.ts";

/** From the container's start to "Login has completed". */

const SECOND = 1_000;
const MINUTE = 60_000;

function login(pick: (stage: Stage) => HomeGateway, plan: LoginPlan, ageMs: number): Scenario["play"] {
  return (stage) => {
    const item = pick(stage);
    item.plan.login = plan;
    begin(item, ageMs);
  };
}
const paper = (stage: Stage) => stage.paper;
const live = (stage: Stage) => stage.live;

export const LOGINS: readonly Scenario[] = [
  { id: "booting", title: "The gateway is starting", cause: "booting", play: login(paper, "good", 9 * SECOND) },
  { id: "login-window-missing", title: "The log-in window never appears", cause: "login-window-missing", play: login(paper, "window-missing", 72 * SECOND) },
  { id: "xvfb-dead", title: "The gateway's display does not start", cause: "xvfb-dead", play: login(paper, "xvfb-dead", MINUTE) },
  { id: "wrong-password", title: "IBKR refuses the password", cause: "wrong-password", play: login(paper, "wrong-password", 26 * SECOND) },
  { id: "too-many-attempts", title: "Too many failed log-ins", cause: "too-many-attempts", play: login(paper, "too-many-attempts", 40 * SECOND) },
  {
    id: "second-factor-pending",
    title: "The second factor waits on the phone",
    cause: "second-factor-pending",
    play: login(live, "second-factor-pending", 35 * SECOND),
  },
  {
    id: "second-factor-missed",
    title: "The second factor was not answered",
    cause: "second-factor-missed",
    play: login(live, "second-factor-missed", 5 * MINUTE),
  },
  {
    id: "second-factor-missed-loop",
    title: "The second factor was not answered; IBC tries again",
    cause: "second-factor-missed",
    play: login(live, "second-factor-missed-loop", 206 * SECOND),
  },
  { id: "second-factor-device", title: "IBKR asks which device to use", cause: "second-factor-device", play: login(live, "second-factor-device", MINUTE) },
  { id: "password-expired", title: "The password must be changed", cause: "password-expired", play: login(paper, "password-expired", MINUTE) },
  { id: "existing-session", title: "Another session is logged in", cause: "existing-session", play: login(paper, "existing-session", MINUTE) },
  { id: "broker-lockout", title: "The log-in spins without a word", cause: "broker-lockout", play: login(paper, "broker-lockout", 8 * MINUTE) },
  { id: "broker-maintenance", title: "IBKR is not available", cause: "broker-maintenance", play: login(paper, "broker-maintenance", MINUTE) },
  { id: "weekly-login-due", title: "Sunday's log-in is due", cause: "weekly-login-due", play: login(live, "weekly-login-due", 10 * MINUTE) },
  {
    id: "stale-autorestart",
    title: "A stale autorestart file blocks the log-in",
    cause: "stale-autorestart",
    play: login(paper, "stale-autorestart", 8 * MINUTE),
  },
  { id: "restart-stalled", title: "The nightly restart got stuck", cause: "restart-stalled", play: login(paper, "restart-stalled", 12 * MINUTE) },
  { id: "cold-restart-loop", title: "Cold restarts over and over", cause: "cold-restart-loop", play: login(paper, "cold-restart-loop", 5 * MINUTE) },
  {
    id: "paper-disclaimer",
    title: "The paper account's notice waits for a click",
    cause: "paper-disclaimer",
    play: login(paper, "paper-disclaimer", 5 * MINUTE),
  },
  { id: "build-desupported", title: "IBKR no longer supports this version", cause: "build-desupported", play: login(paper, "build-desupported", MINUTE) },
];
