const START = Date.parse("2026-11-22T10:00:00Z");
const pad = (value: number, digits: number) => String(value).padStart(digits, "0");

/** Milliseconds since the epoch, `seconds` after the container's start. */
export const at = (seconds: number) => START + Math.round(seconds * 1000);

/** As `docker logs --timestamps` prints it. */
export const raw = (seconds: number, text: string) => `${new Date(at(seconds)).toISOString().replace("Z", "000001Z")} ${text}`;

/** A line of IBC with its own stamp. @param zoneMinutes how far the container's time zone is from UTC */
export function ibc(seconds: number, text: string, zoneMinutes = 0): string {
  const own = new Date(at(seconds) + zoneMinutes * 60_000);
  const date = `${own.getUTCFullYear()}-${pad(own.getUTCMonth() + 1, 2)}-${pad(own.getUTCDate(), 2)}`;
  const time = `${pad(own.getUTCHours(), 2)}:${pad(own.getUTCMinutes(), 2)}:${pad(own.getUTCSeconds(), 2)}:${pad(own.getUTCMilliseconds(), 3)}`;
  return raw(seconds, `${date} ${time} IBC: ${text}`);
}

/** The image's own lines up to IBC, for one trading mode. */
export function boot(from = 0, mode: "paper" | "live" = "paper"): string[] {
  const paper = mode === "paper";
  return [
    raw(from, "*************************************************************************"),
    raw(from, ".> Starting IBC/IB gateway"),
    raw(from, "*************************************************************************"),
    raw(from + 0.1, ".> Starting Xvfb server"),
    raw(from + 0.1, ".> SSH tunnel disabled"),
    raw(from + 0.2, ".> Usign default Java heap size 768m."),
    raw(from + 0.4, ".> Starting VNC server"),
    ...start(from + 0.5, mode),
    raw(from + 0.8, `Forking :::${paper ? 4002 : 4001} onto 0.0.0.0:${paper ? 4004 : 4003} > trading mode ${mode} `),
  ];
}

export function start(from: number, mode: "paper" | "live"): string[] {
  return [
    raw(from, `.> API_PORT set to: ${mode === "paper" ? 4002 : 4001}`),
    raw(from, ".> Appling settings to IBC's config.ini"),
    raw(from, ".> Starting Port Forwarding."),
    raw(from, ".> Starting socat"),
    raw(from, `.> Starting IBC in ${mode} mode, with params:`),
    raw(from, ".>\t\tVersion: 10.45.1j"),
    raw(from + 0.1, "Starting IBC version 3.24.2 on 2026-11-22 at 10:00:01"),
    raw(from + 0.1, "Finding autorestart file"),
    raw(from + 0.1, "autorestart file not found: full authentication will be required"),
    raw(from + 0.2, "Starting Gateway with this command:"),
  ];
}

export const session = (from: number) => [
  ibc(from, "version: 3.24.2"),
  raw(from, "IBC Settings:"),
  raw(from, "    SecondFactorAuthenticationTimeout=180"),
  raw(from, "    AcceptIncomingConnectionAction=manual"),
  ibc(from + 0.2, "CommandServer is not started because the port is not configured"),
  ibc(from + 0.3, "Starting session: will exit if login dialog is not displayed within 60 seconds"),
  ibc(from + 0.4, "Starting Gateway"),
];

export const login = (from: number, button = "Paper Log In") => [
  ibc(from, "detected frame entitled: IBKR Gateway; event=Opened"),
  ibc(from, "Login dialog WINDOW_OPENED: LoginState is LOGGED_OUT"),
  ibc(from + 0.1, "Setting user name"),
  ibc(from + 0.1, "Setting password"),
  ibc(from + 0.2, "Login attempt: 1"),
  ibc(from + 0.3, `Click button: ${button}`),
];

export const completed = (from: number, port = 4002) => [
  ibc(from, "detected frame entitled: Authenticating...; event=Opened"),
  ibc(from + 1, "detected frame entitled: Starting application...; event=Closed"),
  ibc(from + 1, "Login has completed"),
  ibc(from + 1.1, "Found Gateway main window"),
  ibc(from + 2, "detected dialog entitled: IBKR Gateway Configuration; event=Opened"),
  ibc(from + 2, "Performing port configuration"),
  ibc(from + 2, `TWS API socket port is already set to ${port}`),
  ibc(from + 2, "Setting ReadOnlyApi"),
  ibc(from + 2, "Read-Only API checkbox is now set to: false"),
  ibc(from + 2.1, "Configuration tasks completed"),
  ibc(from + 2.2, "detected dialog entitled: IBKR Gateway Configuration; event=Closed"),
];
