import type { Gateway } from "./gateway.ts";

/**
 * The nightly reset belongs to the region of `Peer`. A simulated fault must not be excused by the hour at which somebody plays it, so the
 * gateway belongs to Asia (whose resets are at 20:45 to 22:05 and 12:15 to 13:15 UTC) during America's and Europe's resets, else to America.
 */
function peer(now: number): string {
  const hour = new Date(now).getUTCHours();
  return hour >= 3 && hour < 8 ? "hdc1.ibllc.com:4001" : "ndc1.ibllc.com:4001";
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
      return gateway.plan.login === "broker-lockout"
        ? "2026-11-22 10:00:02.114 [JA] INFO - NS_AUTH\n2026-11-22 10:00:32.120 [JA] WARN - AuthTimeoutMonitor-CCP: Timeout!\n"
        : "2026-11-22 10:00:02.114 [JA] INFO - AuthTimeoutMonitor-CCP: NS_AUTH_START\n2026-11-22 10:00:03.660 [JA] INFO - passed token authentication\n";
    case "/etc/timezone":
      return "Etc/UTC\n";
    default:
      return null;
  }
}
