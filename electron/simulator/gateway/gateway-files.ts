import type { Gateway } from "./gateway.ts";

/**
 * The nightly reset belongs to the region of `Peer`. A simulated fault must not be excused by the hour at which somebody plays it, so the
 * gateway belongs to Asia (whose resets are at 20:45 to 22:05 and 12:15 to 13:15 UTC) during America's and Europe's resets, else to America.
 */
function peer(now: number): string {
  const hour = new Date(now).getUTCHours();
  return hour >= 3 && hour < 8 ? "hdc1.ibllc.com:4001" : "ndc1.ibllc.com:4001";
}

/** What the launcher writes of the newest log-in; a locked-out one times out after half a minute without a word from the broker. */
function launcherLog({ container, plan, clock }: Gateway): string {
  const begun = container.log.entries.findLast(({ text }) => /Connecting to server|Authenticating/.test(text))?.at ?? null;
  if (begun === null) return "";
  const line = (ms: number, text: string) => `${new Date(begun + ms + plan.logSkewMs).toISOString().replace("T", " ").slice(0, 23)} [JA] ${text}\n`;
  if (plan.login !== "broker-lockout") return line(114, "INFO - AuthTimeoutMonitor-CCP: NS_AUTH_START") + line(1_660, "INFO - passed token authentication");
  return line(114, "INFO - NS_AUTH") + (clock.now() < begun + 30_120 ? "" : line(30_120, "WARN - AuthTimeoutMonitor-CCP: Timeout!"));
}

/** Text files inside a gateway's container that a monitor may want to read. Never one that holds a password. */
export function gatewayFile(gateway: Gateway, path: string): string | null {
  switch (path) {
    case "/home/ibgateway/Jts/jts.ini":
    case "/home/ibgateway/tws_settings/jts.ini":
      return [
        "[IBGateway]",
        "WriteDebug=false",
        "TrustedIPs=127.0.0.1",
        "RemoteHostOrderRouting=ndc1.ibllc.com",
        "RemotePortOrderRouting=4000",
        "LocalServerPort=4000",
        "ApiOnly=true",
        "",
        "[Logon]",
        "useRemoteSettings=false",
        "TimeZone=Etc/UTC",
        `tradingMode=${gateway.mode === "paper" ? "p" : "l"}`,
        "Locale=en",
        "UseSSL=true",
        "",
        "[Communication]",
        `Peer=${peer(gateway.clock.now())}`,
        "Region=us",
        "",
      ].join("\n");
    case "/home/ibgateway/Jts/launcher.log":
      return launcherLog(gateway);
    case "/etc/timezone":
      return "Etc/UTC\n";
    default:
      return null;
  }
}
