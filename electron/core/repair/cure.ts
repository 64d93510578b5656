import type { CauseId, LightName } from "../../../shared/words.ts";
import type { GatewayEvidence } from "../diagnosis/evidence.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";
import type { Condition } from "./steps.ts";

/** What was wrong when the repair began, to be held against what is seen later. */
export interface Baseline {
  readonly at: number;
  readonly causeId: CauseId | null;
  readonly light: LightName;
  readonly startedAt: number | null;
  readonly containerId: string | null;
}

export function baselineOf(evidence: GatewayEvidence, diagnosis: Diagnosis, now: number): Baseline {
  const container = evidence.container?.value;
  const present = container?.kind === "present" ? container : null;
  return {
    at: now,
    causeId: diagnosis.cause?.id ?? null,
    light: diagnosis.cause?.light ?? "api",
    startedAt: present?.startedAt ?? null,
    containerId: present?.id ?? null,
  };
}

/** Whether what the light is judged from was seen after `since`: an old picture proves nothing. */
function seenSince(light: LightName, evidence: GatewayEvidence, since: number): boolean {
  const { api, account, container, sockets, screen, mcp } = evidence;
  const answered = api?.value.kind === "ready" && api.value.lastAnswerAt > since;
  switch (light) {
    case "server":
      return true;
    case "container":
      return (container?.at ?? 0) > since;
    case "relay":
    case "socket":
      return answered || (sockets?.at ?? 0) > since;
    case "login":
    case "api":
    case "broker":
      return answered;
    case "account":
      return Math.max(account?.value.completeAt ?? 0, account?.value.lastUpdateAt ?? 0) > since;
    case "screen":
      return (screen?.at ?? 0) > since;
    case "mcp":
      return (mcp?.at ?? 0) > since;
  }
}

/**
 * The light that was wrong is right by facts newer than `since`, and the cause is no longer named. A repair that restarted the gateway
 * (`ending`) must also have brought back its API.
 */
export function isCured(parts: { baseline: Baseline; evidence: GatewayEvidence; diagnosis: Diagnosis; since: number; ending: boolean }): boolean {
  const { baseline, evidence, diagnosis, since } = parts;
  if ([diagnosis.cause, ...diagnosis.others].some((finding) => finding !== null && finding.id === baseline.causeId)) return false;
  const right = (light: LightName) => {
    const { state } = diagnosis.lights[light];
    // A session that was given away says nothing of these: neither well nor ill.
    if (state === "off") return light === "relay" || evidence.api?.value.kind === "idle";
    return state === "up" && seenSince(light, evidence, since);
  };
  return right(baseline.light) && (!parts.ending || right("api"));
}

const listens = (evidence: GatewayEvidence, port: number): boolean => evidence.sockets?.value.listeners.some((listener) => listener.port === port) === true;

/** Judged only from facts seen after `since`. */
export function isMet(condition: Exclude<Condition, "cured">, evidence: GatewayEvidence, baseline: Baseline, since: number): boolean {
  const { container } = evidence;
  const present = container?.value.kind === "present" ? container.value : null;
  const { ports } = evidence.gateway;
  const freshSockets = (evidence.sockets?.at ?? 0) > since;
  switch (condition) {
    case "stopped":
      return (
        (container?.at ?? 0) > since &&
        (present === null || present.status !== "running" || present.id !== baseline.containerId || present.startedAt !== baseline.startedAt)
      );
    case "relay-listens":
      return freshSockets && listens(evidence, ports.relay);
    case "screen-listens":
      return freshSockets && listens(evidence, ports.vnc);
    case "logged-in": {
      const login = evidence.login?.value;
      const done = login !== undefined && (login.phase === "logged-in" || login.phase === "configured") && (login.phaseAt ?? 0) > baseline.at;
      return done && present?.status === "running";
    }
  }
}
