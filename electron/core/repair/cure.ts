import type { LightName } from "../../../shared/words.ts";
import type { GatewayEvidence } from "../diagnosis/evidence.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";
import type { Condition, Proof } from "./steps.ts";

/** What was wrong when the repair began, to be held against what is seen later. */
export interface Baseline {
  readonly at: number;
  readonly causeId: string | null;
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

/** The light that was wrong is right, and the cause is no longer named. */
export function isCured(baseline: Baseline, diagnosis: Diagnosis): boolean {
  const named = [diagnosis.cause, ...diagnosis.others].some((finding) => finding !== null && finding.id === baseline.causeId);
  return diagnosis.lights[baseline.light].state === "up" && !(baseline.causeId !== null && named);
}

const listens = (evidence: GatewayEvidence, port: number): boolean => evidence.sockets?.value.listeners.some((listener) => listener.port === port) === true;

/** Judged only from facts seen after `since`, so that an old picture proves nothing. */
export function isMet(condition: Exclude<Condition, "cured">, evidence: GatewayEvidence, baseline: Baseline, since: number): boolean {
  const container = evidence.container;
  const present = container?.value.kind === "present" ? container.value : null;
  const { ports } = evidence.gateway;
  const freshSockets = (evidence.sockets?.at ?? 0) > since;
  switch (condition) {
    case "stopped":
      return hasProof("stopped", evidence, baseline, since) === true;
    case "running":
      return (container?.at ?? 0) > since && present?.status === "running";
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

/** @returns whether the step's effect is there; `null` where nothing can prove it */
export function hasProof(proof: Proof, evidence: GatewayEvidence, baseline: Baseline, since: number): boolean | null {
  const container = evidence.container;
  const fresh = container !== null && container.at > since;
  const present = container?.value.kind === "present" ? container.value : null;
  switch (proof) {
    case "restarted":
      return fresh && present !== null && (present.id !== baseline.containerId || present.startedAt !== baseline.startedAt);
    case "stopped":
      return fresh && (present === null || present.status !== "running" || present.id !== baseline.containerId || present.startedAt !== baseline.startedAt);
    case "listening-relay":
      return listens(evidence, evidence.gateway.ports.relay);
    case "listening-screen":
      return listens(evidence, evidence.gateway.ports.vnc);
    case "repeatable":
      return null;
  }
}
