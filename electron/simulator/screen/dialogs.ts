import type { ScreenState } from "../gateway/login-script.ts";
import type { ScreenModel } from "./screen-model.ts";
import { COLOUR, type Painter } from "./widgets.ts";

interface Message {
  readonly title: string;
  readonly lines: readonly string[];
  /** Ids and words of its buttons; the first is the default. */
  readonly buttons: readonly (readonly [string, string])[];
}

/** Windows that the gateway puts before a person while it logs in. */
function message(state: ScreenState, gateway: ScreenModel): Message | null {
  switch (state) {
    case "second-factor":
      return {
        title: "Second Factor Authentication",
        lines: [
          "A notification was sent to your phone.",
          "",
          "Open IBKR Mobile and approve the log-in",
          "to the gateway. This request ends by itself",
          "after three minutes.",
        ],
        buttons: [["approve", "I have approved it"]],
      };
    case "device":
      return {
        title: "Second Factor Authentication",
        lines: ["Select the second factor device:", "", "   IB Key", "   Mobile Authenticator App"],
        buttons: [["approve", "OK"]],
      };
    case "existing-session":
      return {
        title: "Existing session detected",
        lines: ["You are logged in to another session:", "TWS on another computer.", "", "Continue here and end the other session?"],
        buttons: [
          ["approve", "Continue Login"],
          ["none", "Exit Application"],
        ],
      };
    case "disclaimer":
      return {
        title: "This is not a brokerage account",
        lines: [
          "This is a paper trading account that simulates trading.",
          "No real orders are sent, no real money is at risk.",
          "",
          "Until this notice is accepted, API connections do not succeed.",
        ],
        buttons: [["disclaimer", "I understand and accept"]],
      };
    case "password-notice":
      return {
        title: "Password Notice",
        lines: ["Your password has expired.", "", "Change it on the broker's site, then log in again."],
        buttons: [["none", "OK"]],
      };
    case "login-failed":
      return {
        title: "Login failed",
        lines: [
          gateway.plan.login === "broker-maintenance" ? "The system is not currently available." : "Unrecognized Username or Password",
          "",
          "Please try again later.",
        ],
        buttons: [["none", "OK"]],
      };
    case "too-many-attempts":
      return { title: "Login failed", lines: ["Too many failed login attempts.", "Please wait 10 minutes before trying again."], buttons: [["none", "OK"]] };
    case "desupported":
      return {
        title: "IBKR Gateway",
        lines: ["This version of the application needs to be upgraded,", "as it will be desupported on 2026-12-01.", "", "Please download a newer version."],
        buttons: [["none", "OK"]],
      };
    default:
      return null;
  }
}

function box(painter: Painter, { title, lines, buttons }: Message, y: number): void {
  const rect = { x: 302, y, w: 420, h: 116 + lines.length * 21 };
  painter.shield();
  painter.window(rect, title, { modal: true });
  for (const [index, line] of lines.entries()) painter.label(line, rect.x + 26, rect.y + 50 + index * 21, COLOUR.text, "regular", rect.x + rect.w - 20);
  for (const [index, [id, text]] of buttons.entries()) {
    const w = 168;
    painter.button(
      id,
      text,
      { x: rect.x + rect.w - 24 - (buttons.length - index) * (w + 10) + 10, y: rect.y + rect.h - 48, w, h: 30 },
      { primary: index === 0 },
    );
  }
}

/** The log-in window itself, empty or busy. */
export function paintLogin(painter: Painter, gateway: ScreenModel, busy: boolean): void {
  const rect = { x: 282, y: 150, w: 460, h: 330 };
  painter.window(rect, "IBKR Gateway", { modal: false });
  painter.label("Log in to IBKR Gateway", rect.x + 34, rect.y + 52, COLOUR.text, "bold");
  const paper = gateway.plan.tradingMode === "paper";
  painter.canvas.box({ x: rect.x + 34, y: rect.y + 82, w: 190, h: 30 }, paper ? COLOUR.panel : COLOUR.accent, 0xaab2bd);
  painter.canvas.box({ x: rect.x + 236, y: rect.y + 82, w: 190, h: 30 }, paper ? COLOUR.accent : COLOUR.panel, 0xaab2bd);
  painter.label("Live Trading", rect.x + 92, rect.y + 88, paper ? COLOUR.text : COLOUR.accentText);
  painter.label("Paper Trading", rect.x + 290, rect.y + 88, paper ? COLOUR.accentText : COLOUR.text);
  painter.label("Username", rect.x + 34, rect.y + 134);
  painter.field("none", busy ? "simulated" : "", { x: rect.x + 140, y: rect.y + 130, w: 286, h: 28 });
  painter.label("Password", rect.x + 34, rect.y + 176);
  painter.field("none", busy ? "********" : "", { x: rect.x + 140, y: rect.y + 172, w: 286, h: 28 }, { secret: true });
  painter.button("none", paper ? "Paper Log In" : "Log In", { x: rect.x + 140, y: rect.y + 218, w: 286, h: 32 }, { primary: true, disabled: busy });
  if (busy) painter.label(gateway.plan.login === "broker-lockout" ? "Connecting to server..." : "Authenticating...", rect.x + 140, rect.y + 268, COLOUR.muted);
}

export function paintDialogs(painter: Painter, gateway: ScreenModel): void {
  const found = message(gateway.screenState, gateway);
  if (found !== null) box(painter, found, 210);
  if (gateway.api.dialogWaiting)
    box(
      painter,
      {
        title: "IBKR Gateway",
        lines: ["Accept incoming connection attempt?", "", "An API client asks to connect to this gateway."],
        buttons: [
          ["accept-yes", "Accept"],
          ["accept-no", "Reject"],
        ],
      },
      250,
    );
}
