import type { RepairId } from "../../../shared/words.ts";
import type { GatewayEvidence } from "../diagnosis/evidence.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";

/** Repairs that end the gateway's process or its container. */
const ENDING: ReadonlySet<RepairId> = new Set(["restart-soft", "stop-and-start", "restart-container", "recreate-container", "pull-image", "fresh-reinstall"]);
/** Repairs that need nothing from the server. */
const LOCAL: ReadonlySet<RepairId> = new Set(["wait", "open-api-settings", "resubscribe", "change-client-id"]);
const NEEDS_RUNNING: ReadonlySet<RepairId> = new Set([
  "reconnect-data",
  "reconnect-account",
  "restart-relay",
  "restart-screen",
  "restart-soft",
  "stop-and-start",
]);

export const endsGateway = (repair: RepairId): boolean => ENDING.has(repair);

/** @returns why this repair would harm or cannot work now, in one sentence; `null` when it may run */
export function refusalOf(repair: RepairId, evidence: GatewayEvidence, diagnosis: Diagnosis, now: number, running: string | null): string | null {
  if (running !== null) return `Another repair is running: ${running}.`;
  if (LOCAL.has(repair)) {
    if (repair === "resubscribe" && evidence.api?.value.kind !== "ready") return "There is no living session to ask again on.";
    return null;
  }
  if (evidence.server.link.value.kind !== "up") return "The server is not reachable now.";
  if (evidence.server.docker !== null && evidence.server.docker.value.kind !== "ok" && repair !== "restart-mcp-workers")
    return "Docker does not answer on the server.";
  if (repair === "restart-mcp-workers") return evidence.gateway.mcp === null ? "No MCP server is set up for this gateway." : null;
  const container = evidence.container?.value ?? null;
  if (container === null) return "The container's state is not known yet.";
  if (container.kind === "missing" && repair !== "recreate-container" && repair !== "pull-image") return `There is no container ${evidence.gateway.container}.`;
  if (container.kind === "present" && container.status !== "running" && NEEDS_RUNNING.has(repair)) return `The container is not running (${container.status}).`;
  if (ENDING.has(repair)) {
    const factor = evidence.login?.value.secondFactor ?? null;
    if (factor?.state === "pending" && now - factor.startedAt < factor.limitSeconds * 1_000)
      return "A second factor is waiting for your approval; restarting now would throw it away.";
    const healer = [diagnosis.cause, ...diagnosis.others].find((finding) => finding?.id === "competing-healer");
    if (healer !== undefined && healer !== null) return "Another program restarts this gateway by itself; two healers would fight. Pause the other one first.";
    const lockout = [diagnosis.cause, ...diagnosis.others].find(
      (finding) => finding !== null && (finding.id === "too-many-attempts" || finding.id === "broker-lockout"),
    );
    if (lockout !== undefined) return "Log-ins are being refused by the broker; each further restart burns another attempt.";
    if (diagnosis.excused !== null && diagnosis.excused.until > now)
      return `${diagnosis.excused.reason}; a restart now would meet the same, and it ends by itself.`;
  }
  return null;
}
