import type { GatewaySettings } from "../../../shared/settings.ts";
import type { Incident, Notice } from "../../../shared/snapshot.ts";
import { REPAIRS } from "../../../shared/words.ts";
import type { Clock } from "../clock.ts";
import { calendarAt } from "../diagnosis/calendar.ts";
import type { GatewayEvidence } from "../diagnosis/evidence.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";
import { decideWatchdog, type WatchdogRun } from "./decide-watchdog.ts";
import type { RepairEnd, Repairs } from "./repairs.ts";

/** Stands in the incident log as who asked. */
export const WATCHDOG = "the watchdog";
/** Looks further apart than this (ms) are a machine that slept: nothing is known of the time between. */
const BREAK_MS = 15_000;

export interface WatchdogPorts {
  readonly clock: Clock;
  readonly server: string;
  readonly gateway: GatewaySettings;
  readonly evidence: () => GatewayEvidence;
  readonly diagnosis: () => Diagnosis;
  readonly repairs: Repairs;
  readonly screenOpen: () => boolean;
  /** Newest first: the budget outlives a restart of Gatelight. */
  readonly incidents: () => readonly Incident[];
  readonly notice: (notice: Notice) => void;
}

/** Repairs by itself what a person has chosen, if anything. `look` is called about once a second. */
export class Watchdog {
  private lastLookAt = Number.NEGATIVE_INFINITY;
  private certain: { readonly id: string; readonly since: number } | null = null;
  private runs: WatchdogRun[] | null = null;

  constructor(private readonly ports: WatchdogPorts) {}

  look(): void {
    const { clock, gateway, repairs } = this.ports;
    if (gateway.watchdog?.enabled !== true) return;
    const now = clock.now();
    const evidence = this.ports.evidence();
    const diagnosis = this.ports.diagnosis();
    this.certain = this.stillCertain(diagnosis, now);
    this.lastLookAt = now;
    this.runs ??= earlierRuns(this.ports.incidents());
    const api = evidence.api?.value;
    const foreign = evidence.history.starts.findLast((start) => !start.byUs && start.seenAt - start.startedAt < BREAK_MS) ?? null;
    const decision = decideWatchdog({
      settings: gateway.watchdog,
      now,
      diagnosis,
      certainSince: this.certain?.since ?? null,
      offers: repairs.offers(),
      inWindow: calendarAt(now, evidence.history.peer).window !== null,
      foreignStartAt: foreign?.seenAt ?? null,
      inHands: (api?.kind === "idle" && api.reason === "released") || this.ports.screenOpen(),
      running: repairs.running !== null,
      runs: this.runs,
    });
    if (decision.kind === "wait") return;
    const plan = repairs.plan(decision.repair);
    // The plan knows of what the offers do not: a repair that deletes or costs a second factor never runs by itself.
    if (plan.refused !== null || plan.confirm === "name" || plan.price.secondFactor) return;
    this.runs.push({ at: now, repair: decision.repair, cause: decision.cause });
    repairs.start(plan.planId, { confirmations: 2, typedName: null }, WATCHDOG);
    this.tell(`Gatelight is repairing ${plan.gateway} by itself`, `${plan.title}: ${diagnosis.cause?.title ?? decision.cause}.`, "info");
  }

  ended({ run, who }: RepairEnd): void {
    if (who !== WATCHDOG) return;
    const name = this.ports.gateway.name ?? this.ports.gateway.id;
    const cured = run.outcome === "cured";
    this.tell(
      cured ? `Gatelight has repaired ${name} by itself` : `Gatelight could not repair ${name} by itself`,
      `${run.title}: ${run.verdict ?? run.outcome}`,
      cured ? "info" : "warning",
    );
  }

  private stillCertain(diagnosis: Diagnosis, now: number): typeof this.certain {
    const { cause } = diagnosis;
    if (cause === null || cause.confidence !== "certain") return null;
    const unbroken = this.certain?.id === cause.id && now >= this.lastLookAt && now - this.lastLookAt < BREAK_MS;
    return unbroken ? this.certain : { id: cause.id, since: now };
  }

  private tell(title: string, detail: string, kind: Notice["kind"]): void {
    const { server, gateway, clock } = this.ports;
    this.ports.notice({ id: `watchdog/${server}/${gateway.id}`, kind, title, detail, at: clock.now(), tell: { server, gateway: gateway.id } });
  }
}

/** From what `repairIncident` wrote. */
export function earlierRuns(incidents: readonly Incident[]): WatchdogRun[] {
  return incidents.flatMap((incident) => {
    const lines = incident.detail.split("\n");
    if (incident.kind !== "repair" || lines[0] !== `asked by ${WATCHDOG}`) return [];
    const repair = REPAIRS.find((id) => lines[1] === `repair ${id}`);
    return repair === undefined ? [] : [{ at: incident.at, repair, cause: incident.cause }];
  });
}
