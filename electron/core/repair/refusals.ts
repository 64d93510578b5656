import type { RepairId } from "../../../shared/words.ts";
import { calendarAt } from "../diagnosis/calendar.ts";
import type { GatewayEvidence } from "../diagnosis/evidence.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";

/** Repairs that end the gateway's process or its container. */
const ENDING: ReadonlySet<RepairId> = new Set(["restart-soft", "stop-and-start", "restart-container", "recreate-container", "pull-image", "fresh-reinstall"]);
/** Repairs that need nothing from the server. */
export const LOCAL: ReadonlySet<RepairId> = new Set(["wait", "open-api-settings", "resubscribe", "change-client-id"]);
const NEEDS_RUNNING: ReadonlySet<RepairId> = new Set([
  "reconnect-data",
  "reconnect-account",
  "restart-relay",
  "restart-screen",
  "restart-soft",
  "stop-and-start",
]);
/** Compose makes the container where there is none. */
const MAKING: ReadonlySet<RepairId> = new Set(["recreate-container", "pull-image", "fresh-reinstall"]);
/** Before the log-in is complete IBC has no main window to send these to, and hangs (IBC's ReconnectData, RestartTask). */
const NEEDS_LOGIN: ReadonlySet<RepairId> = new Set(["reconnect-data", "reconnect-account", "restart-soft"]);

export const endsGateway = (repair: RepairId): boolean => ENDING.has(repair);

/** @returns why this repair would harm or cannot work now, in one sentence; `null` when it may run */
export function refusalOf(repair: RepairId, evidence: GatewayEvidence, diagnosis: Diagnosis, now: number, running: string | null): string | null {
  if (running !== null) return `Another repair is running: ${running}.`;
  if (LOCAL.has(repair)) return refusalHere(repair, evidence);
  if (evidence.server.link.value.kind !== "up") return "The server is not reachable now.";
  if (repair === "restart-mcp-workers") return evidence.gateway.mcp === null ? "No MCP server is set up for this gateway." : null;
  if (evidence.server.docker !== null && evidence.server.docker.value.kind !== "ok") return "Docker does not answer on the server.";
  const container = evidence.container?.value ?? null;
  if (container === null) return "The container's state is not known yet.";
  if (container.kind === "missing" && !MAKING.has(repair)) return `There is no container ${evidence.gateway.container}.`;
  if (container.kind === "present" && container.status !== "running" && NEEDS_RUNNING.has(repair)) return `The container is not running (${container.status}).`;
  if (NEEDS_LOGIN.has(repair)) {
    const phase = evidence.login?.value.phase ?? null;
    if (phase !== null && phase !== "none" && phase !== "logged-in" && phase !== "configured" && evidence.api?.value.kind !== "ready")
      return "The gateway is not logged in, so it could not carry this out.";
  }
  return ENDING.has(repair) ? refusalOfEnding(repair, evidence, diagnosis, now) : null;
}

function refusalHere(repair: RepairId, evidence: GatewayEvidence): string | null {
  const api = evidence.api?.value ?? null;
  if (repair === "resubscribe" && api?.kind !== "ready") return "There is no living session to ask again on.";
  if (repair === "change-client-id" && api?.kind === "idle" && api.reason === "released") return "The session has been given away; take it back first.";
  return null;
}

function refusalOfEnding(repair: RepairId, evidence: GatewayEvidence, diagnosis: Diagnosis, now: number): string | null {
  const named = (...ids: readonly string[]) => [diagnosis.cause, ...diagnosis.others].some((finding) => finding !== null && ids.includes(finding.id));
  const factor = evidence.login?.value.secondFactor ?? null;
  if (factor?.state === "pending" && now - factor.startedAt < factor.limitSeconds * 1_000)
    return "A second factor is waiting for your approval; restarting now would throw it away.";
  if (named("competing-healer")) return "Another program restarts this gateway by itself; two healers would fight. Pause the other one first.";
  if (named("too-many-attempts", "broker-lockout")) return "Log-ins are being refused by the broker; each further restart burns another attempt.";
  if (evidence.api?.value.kind === "idle" && evidence.api.value.reason === "released")
    return "The account has been left to others (TWS); logging in again would throw them out. Take the session back first.";
  const calendar = calendarAt(now, evidence.history.peer);
  if (calendar.window !== null) return `${calendar.window.reason}: a log-in now may fail, and what is wrong may end with it. Wait until it is over.`;
  if (diagnosis.excused !== null && diagnosis.excused.until > now)
    return `${diagnosis.excused.reason}; a restart now would meet the same, and it ends by itself.`;
  const loggedInAt = evidence.login?.value.phaseAt ?? null;
  if (repair === "restart-soft" && calendar.tokenDiedAt !== null && loggedInAt !== null && loggedInAt < calendar.tokenDiedAt)
    return "The week's log-in ended on Sunday 01:00 New York: a restart would ask for a full log-in. Use “Stop cleanly and start” when your phone is at hand.";
  return null;
}
