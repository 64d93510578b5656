import { dialogOpened, frameOpened } from "./ibc-log.ts";
import type { GatewayPlan } from "./plan.ts";

/** What happens inside the container, in order. `at`: simulated milliseconds since its first process (or since IBC's restart). */
export interface Step {
  readonly at: number;
  /** Lines as they are (image), stamped (IBC), or framed (IBC error). */
  readonly image?: readonly string[];
  readonly ibc?: readonly string[];
  readonly error?: string;
  readonly effect?: Effect;
}
export type Effect =
  | { readonly kind: "xvfb" | "vnc" | "relay" | "java" | "command-server" | "broker" | "api" | "main-window" | "main-window-up" }
  | { readonly kind: "screen"; readonly show: ScreenState }
  | { readonly kind: "exit"; readonly code: number; readonly restart: boolean };
export type ScreenState =
  | "black"
  | "login"
  | "authenticating"
  | "second-factor"
  | "main"
  | "disclaimer"
  | "existing-session"
  | "password-notice"
  | "login-failed"
  | "too-many-attempts"
  | "desupported"
  | "device";

export interface ScriptContext {
  readonly plan: GatewayPlan;
  readonly relayPort: number;
  readonly apiPort: number;
  /** Live asks for the second factor unless a token from the day before is used. */
  readonly needsSecondFactor: boolean;
  readonly autorestart: boolean;
  readonly attempt: number;
  readonly readOnly: boolean;
}

const COLD_ROUNDS = 8;
const COLD_ROUND_MS = 40_000;

/** From PID 1 to the start of IBC. */
export function bootSteps(context: ScriptContext): Step[] {
  const { plan, apiPort, relayPort } = context;
  const steps: Step[] = [
    { at: 0, image: [".> Starting IBC/IB gateway", ".> Applying settings to jts.ini", ".> Applying settings to IBC's config.ini"] },
    { at: 400, image: [".> Starting Xvfb server"] },
  ];
  if (plan.login === "xvfb-dead") {
    steps.push({ at: 6_000, image: ["Error: Timed out waiting for Xvfb socket!"] });
    steps.push({ at: 6_300, image: [`xdpyinfo: unable to open display ":1".`, `XOpenDisplay(":1") failed.`] });
  } else {
    steps.push({ at: 1_200, effect: { kind: "xvfb" } });
    steps.push(
      plan.vnc === "off" ? { at: 1_500, image: [".> VNC server disabled"] } : { at: 1_500, image: [".> Starting VNC server"], effect: { kind: "vnc" } },
    );
  }
  steps.push(
    { at: 2_000, image: [`.> API_PORT set to: ${apiPort}`, `.> SOCAT_PORT set to: ${relayPort}`] },
    plan.relay === "not-a-file"
      ? { at: 2_200, image: ["/home/ibgateway/scripts/run.sh: line 85: /home/ibgateway/scripts/run_socat.sh: Is a directory"] }
      : { at: 2_200, image: [`.> Forking :::${apiPort} onto 0.0.0.0:${relayPort} > trading mode ${plan.tradingMode}`], effect: { kind: "relay" } },
  );
  return steps;
}

/** From `ibcstart.sh` to the end of configuration, or to where the plan gets stuck. `from` is added to every step. */
export function loginSteps(context: ScriptContext, from: number): Step[] {
  const { plan, apiPort } = context;
  const steps: Step[] = [];
  const at = (ms: number) => from + ms;
  const say = (ms: number, ...ibc: string[]) => steps.push({ at: at(ms), ibc });
  const effect = (ms: number, value: Effect) => steps.push({ at: at(ms), effect: value });
  const fail = (ms: number, text: string) => steps.push({ at: at(ms), error: text });
  const button = plan.tradingMode === "paper" ? "Paper Log In" : "Log In";

  steps.push({
    at: at(0),
    image: ["Starting IBC version 3.24.1 on 2026-11-20", "Operating system: Linux 6.8.0", "Gateway version: 10.45.1j", `Trading mode: ${plan.tradingMode}`],
  });
  if (plan.login === "xvfb-dead") {
    steps.push({
      at: at(3_000),
      image: [`Exception in thread "main" java.awt.AWTError: Can't connect to X11 window server using ':1' as the value of the DISPLAY variable.`],
    });
    return steps;
  }
  if (plan.login === "crash") {
    steps.push({ at: at(300), image: ["Error: Offline TWS/Gateway version 10.45.1j is not installed: can't find jars folder"] });
    effect(600, { kind: "exit", code: 4, restart: false });
    return steps;
  }
  const stale = plan.login === "stale-autorestart";
  const token = context.autorestart || stale || plan.login === "restart-stalled" || plan.login === "weekly-login-due";
  steps.push({
    at: at(800),
    image: [
      token
        ? "autorestart file found at /home/ibgateway/tws_settings/abcdefghijk/autorestart: authentication will not be required"
        : "autorestart file not found: full authentication will be required",
    ],
  });
  effect(1_500, { kind: "java" });
  say(
    2_500,
    plan.commandPort === 0
      ? "CommandServer is not started because the port is not configured"
      : `CommandServer listening on addresses: 127.0.0.1,172.18.0.2; port: ${plan.commandPort}`,
  );
  effect(2_500, { kind: "command-server" });
  say(3_000, token ? "Re-starting session" : "Starting session: will exit if login dialog is not displayed within 60 seconds", "Starting Gateway");
  if (plan.login === "restart-stalled") return steps;
  if (plan.login === "window-missing") {
    fail(63_000, "IBC closing after TWS/Gateway failed to display login dialog within 60 seconds");
    effect(63_500, { kind: "exit", code: 88, restart: true });
    return steps;
  }
  if (plan.login === "cold-restart-loop") {
    // Several rounds at once, so that a container that is said to run for minutes has them behind it.
    for (let round = 0; round < COLD_ROUNDS; round += 1) {
      const start = round * COLD_ROUND_MS;
      if (round > 0) {
        steps.push({ at: at(start), image: ["Starting IBC version 3.24.1 on 2026-11-20", "autorestart file not found: full authentication will be required"] });
        say(start + 3_000, "Starting session: will exit if login dialog is not displayed within 60 seconds", "Starting Gateway");
      }
      say(start + 14_000, "Login dialog WINDOW_OPENED: LoginState is LOGGED_OUT", dialogOpened("Gateway"), "Cold restart in progress");
      if (round < COLD_ROUNDS - 1) steps.push({ at: at(start + 18_000), image: ["IBC returned exit status 1", "IBC will restart shortly"] });
    }
    effect((COLD_ROUNDS - 1) * COLD_ROUND_MS + 18_000, { kind: "exit", code: 1, restart: true });
    return steps;
  }
  if (plan.login === "booting") return steps;

  if (!token || plan.login === "weekly-login-due" || stale) {
    say(14_000, "Login dialog WINDOW_OPENED: LoginState is LOGGED_OUT");
    effect(14_000, { kind: "screen", show: "login" });
    if (stale || plan.login === "auto-logoff") return steps;
    say(15_200, `Setting Trading mode = ${plan.tradingMode}`, "Setting user name", "Setting password", `Login attempt: ${context.attempt}`);
    say(15_600, `Click button: ${button}`);
  }
  if (plan.login === "weekly-login-due") {
    // The token of last week is refused: the form is back and waits for a person.
    say(21_000, "Login dialog WINDOW_OPENED: LoginState is LOGGED_OUT");
    effect(21_000, { kind: "screen", show: "login" });
    return steps;
  }
  effect(16_400, { kind: "screen", show: "authenticating" });
  say(16_400, frameOpened("Authenticating..."));
  if (ending(context, steps, at)) return steps;

  let next = 19_000;
  const second = context.needsSecondFactor && !token;
  if (second || plan.login.startsWith("second-factor")) {
    effect(next, { kind: "screen", show: plan.login === "second-factor-device" ? "device" : "second-factor" });
    say(next, dialogOpened("Second Factor Authentication"), "Second Factor Authentication initiated");
    if (plan.login === "second-factor-device") {
      fail(next + 200, "could not find second factor device 'IB Key (Android)' in the list");
      fail(next + 250, "You should specify the required second factor device using the SecondFactorDevice setting in config.ini");
      return steps;
    }
    if (plan.login === "second-factor-pending") return steps;
    if (plan.login === "second-factor-missed" || plan.login === "second-factor-missed-loop") {
      const loop = plan.login === "second-factor-missed-loop";
      say(next + 180_000, dialogOpened("Second Factor Authentication", "Closed"), "Duration since login: 183 seconds");
      say(
        next + 180_050,
        loop ? "Re-login after second factor authentication timeout in 5 second" : "Re-login after second factor authentication timeout not required",
      );
      effect(next + 180_100, { kind: "screen", show: "login" });
      return steps;
    }
    next += 9_000;
    say(
      next,
      dialogOpened("Second Factor Authentication", "Closed"),
      "Duration since login: 12 seconds",
      "If login has not completed, IBC will exit in 60 seconds",
    );
  }
  say(next + 500, frameOpened("Connecting to server..."), frameOpened("Loading..."));
  effect(next + 600, { kind: "broker" });
  say(next + 3_000, frameOpened("Starting application..."), "Found Gateway main window");
  effect(next + 3_000, { kind: "screen", show: "main" });
  if (plan.tradingMode === "paper") {
    say(next + 6_000, dialogOpened("This is not a brokerage account"));
    if (plan.login === "paper-disclaimer") {
      effect(next + 6_000, { kind: "screen", show: "disclaimer" });
      effect(next + 6_200, { kind: "api" });
      return steps;
    }
    say(next + 6_200, "Click button: I understand and accept");
  }
  say(next + 8_000, frameOpened("Starting application...", "Closed"), "Login has completed");
  effect(next + 8_000, { kind: "api" });
  const port = plan.portOverride ?? apiPort;
  say(next + 10_000, "Getting config dialog", "Config dialog OPENED", "Setting API port and Read-Only mode");
  say(
    next + 12_000,
    `TWS API socket port is already set to ${port}`,
    `Read-Only API checkbox is ${plan.portOverride === null ? "already" : "now"} set to: ${context.readOnly}`,
  );
  say(next + 13_000, "Configuration tasks completed");
  effect(next + 13_000, { kind: "main-window-up" });
  return steps;
}

/** The ways a log-in ends in a window with bad news. @returns true when the plan ends here */
function ending({ plan }: ScriptContext, steps: Step[], at: (ms: number) => number): boolean {
  const stop = (show: ScreenState, ms: number, ...ibc: string[]) => {
    steps.push({ at: at(ms), ibc }, { at: at(ms), effect: { kind: "screen", show } });
    return true;
  };
  switch (plan.login) {
    case "wrong-password":
      stop("login-failed", 20_000, dialogOpened("Login failed"), "Login failed", "Login error message: Unrecognized Username or Password");
      steps.push({ at: at(22_000), ibc: ["Cold restart in progress"] }, { at: at(26_000), effect: { kind: "exit", code: 1, restart: true } });
      return true;
    case "too-many-attempts":
      return stop(
        "too-many-attempts",
        20_000,
        dialogOpened("Login failed"),
        "Login error message: Too many failed login attempts. Please wait 10 minutes before trying again.",
      );
    case "password-expired":
      return stop("password-notice", 20_000, dialogOpened("Password Notice"));
    case "existing-session":
      return stop("existing-session", 20_000, dialogOpened("Existing session detected"), "End this session and let the other session proceed (scenario 4)");
    case "broker-lockout":
      return stop("authenticating", 19_000, frameOpened("Connecting to server..."));
    case "broker-maintenance":
      return stop("login-failed", 21_000, dialogOpened("Login failed"), "Login error message: The system is not currently available. Please try again later.");
    case "build-desupported":
      return stop(
        "desupported",
        20_000,
        dialogOpened("IBKR Gateway"),
        "Login error message: This version of the application needs to be upgraded, as it will be desupported on 2026-12-01. Please download a newer version.",
      );
    default:
      return false;
  }
}
