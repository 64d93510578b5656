/** The names that scripts rely on: states, lights, causes, repairs. Additions are free; renames and removals are not. */

export const LIGHT_STATES = ["up", "connecting", "degraded", "down", "off", "needs-you", "unknown"] as const;
export type LightState = (typeof LIGHT_STATES)[number];

/** Lights of a gateway that form the chain, in the order in which data passes. */
export const CHAIN_LIGHTS = ["server", "container", "login", "relay", "socket", "api", "broker", "account"] as const;
/** Lights beside the chain. */
export const SIDE_LIGHTS = ["screen", "mcp"] as const;
export const LIGHTS = [...CHAIN_LIGHTS, ...SIDE_LIGHTS] as const;
export type LightName = (typeof LIGHTS)[number];

export const CONFIDENCES = ["certain", "likely", "possible"] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export const CAUSES = [
  "name-not-found",
  "server-unreachable",
  "ssh-auth-failed",
  "host-key-unknown",
  "host-key-changed",
  "forwarding-forbidden",
  "local-port-taken",
  "tunnel-half-open",
  "docker-down",
  "docker-permission",
  "container-missing",
  "container-exited",
  "restart-loop",
  "competing-healer",
  "booting",
  "login-window-missing",
  "xvfb-dead",
  "wrong-password",
  "too-many-attempts",
  "second-factor-pending",
  "second-factor-missed",
  "second-factor-device",
  "password-expired",
  "existing-session",
  "kicked-out",
  "broker-lockout",
  "broker-maintenance",
  "weekly-login-due",
  "stale-autorestart",
  "restart-stalled",
  "auto-logoff",
  "cold-restart-loop",
  "paper-disclaimer",
  "port-mismatch",
  "mode-mismatch",
  "relay-bypassed",
  "localhost-only",
  "accept-dialog",
  "read-only-api",
  "accept-queue-wedge",
  "gateway-hung",
  "client-id-in-use",
  "relay-dead",
  "vnc-off",
  "vnc-died",
  "vnc-password-wrong",
  "vnc-black",
  "broker-unreachable",
  "farms-down",
  "api-port-changed",
  "account-data-silent",
  "build-desupported",
  "settings-lost",
  "clock-wrong",
  "mcp-down",
  "mcp-misleading",
  "mcp-desync",
  "wrong-service",
  "unexplained",
] as const;
export type CauseId = (typeof CAUSES)[number];

/** Repairs, mildest first. */
export const REPAIRS = [
  "wait",
  "resubscribe",
  "change-client-id",
  "reconnect-data",
  "reconnect-account",
  "restart-relay",
  "restart-screen",
  "open-api-settings",
  "restart-mcp-workers",
  "restart-soft",
  "stop-and-start",
  "restart-container",
  "recreate-container",
  "pull-image",
  "fresh-reinstall",
] as const;
export type RepairId = (typeof REPAIRS)[number];

/** Worst last. `needs-you` wins over all; `off` says nothing about the whole. */
const SEVERITY: readonly LightState[] = ["off", "up", "connecting", "unknown", "degraded", "down", "needs-you"];

/** The whole is the worst of its parts. An empty list is `unknown`, a list of `off` is `off`. */
export function worst(states: readonly LightState[]): LightState {
  if (states.length === 0) return "unknown";
  return states.reduce((a, b) => (SEVERITY.indexOf(b) > SEVERITY.indexOf(a) ? b : a));
}
