import { randomUUID } from "node:crypto";
import type { GatewaySettings } from "../../../shared/settings.ts";
import type { RepairOffer, RepairPlan, RepairRun } from "../../../shared/snapshot.ts";
import type { CauseId, RepairId } from "../../../shared/words.ts";
import type { GatewayEvidence, PresentContainer } from "../diagnosis/evidence.ts";
import { carryOut, type Work } from "./carry-out.ts";
import { baselineOf } from "./cure.ts";
import type { KeptRuns } from "./kept-run.ts";
import { REPAIR_CATALOGUE } from "./ladder.ts";
import { offersFor, planRepair, type Sharer } from "./plan.ts";
import { followStep, runStep } from "./run-step.ts";
import { CLOSING, type RepairPorts } from "./running.ts";

/** A plan must be started within this time (ms); what it says may be wrong later. */
const PLAN_MS = 120_000;

export interface RepairEnd {
  readonly run: RepairRun;
  readonly who: string;
  readonly causeId: CauseId | null;
  /** What each step runs, as it is shown; `null`: it only waits. */
  readonly commands: readonly (string | null)[];
}

export interface Repairs {
  readonly run: RepairRun | null;
  /** Title of the repair that runs now. */
  readonly running: string | null;
  offers(): RepairOffer[];
  plan(repair: RepairId): RepairPlan;
  /** Whether the plan was made here and is still valid. */
  knows(planId: string): boolean;
  /**
   * Starts a plan once: a second start of the same plan, or one while another runs, is an error.
   * @throws Error with a sentence for people
   */
  start(planId: string, confirmation: { confirmations: number; typedName: string | null }, who: string): string;
  /** Takes up what a Gatelight that is no more had begun, if anything: it is followed to its end, and nothing is done again. For when the server is reached. */
  followOn(): void;
  cancel(): void;
  /** Resolves when the run has ended (at once where none runs). */
  ended(): Promise<void>;
  dispose(): Promise<void>;
}

export interface RepairsOptions {
  readonly gateway: GatewaySettings;
  readonly docker: string;
  readonly serverName: string;
  readonly ports: RepairPorts;
  /** The other gateways in the same container, and what runs on them. */
  readonly sharing: () => readonly (Sharer & { readonly running: string | null })[];
  /** The last run, from before the settings changed. */
  readonly last: RepairRun | null;
  /** `null`: nobody will follow on. */
  readonly kept: KeptRuns | null;
  readonly onRun: (run: RepairRun) => void;
  readonly onBegin: (repair: RepairId, begin: RepairEnd & { readonly taken: boolean }) => void;
  readonly onEnd: (end: RepairEnd) => void;
}

export function createRepairs(options: RepairsOptions): Repairs {
  const { gateway, docker, serverName, ports, kept } = options;
  const plans = new Map<string, { repair: RepairId; madeAt: number }>();
  let run: RepairRun | null = options.last;
  let control: AbortController | null = null;
  let done: Promise<void> = Promise.resolve();
  let disposed = false;

  const running = () => (run !== null && run.outcome === "running" ? run.title : null);
  let lastSeen: PresentContainer | null = null;
  /** A container that is gone was seen before: compose's folder and service stood in its labels. */
  const remembered = (evidence: GatewayEvidence): PresentContainer | null => {
    const container = evidence.container?.value;
    if (container?.kind === "present") lastSeen = container;
    return lastSeen;
  };
  const input = () => {
    const evidence = ports.evidence();
    const sharing = options.sharing();
    const busy = running() ?? sharing.find((other) => other.running !== null)?.running ?? null;
    return { docker, gateway, evidence, lastSeen: remembered(evidence), diagnosis: ports.diagnosis(), now: ports.clock.now(), running: busy, sharing };
  };

  function begin(first: RepairRun, who: string, work: Work): void {
    const { causeId } = work.baseline;
    const commands = work.steps.map(({ known }) => (known.kind === "await" ? null : known.shown));
    let current = first;
    const change = (next: RepairRun) => {
      current = next;
      run = next;
      options.onRun(next);
    };
    change(first);
    options.onBegin(work.repair, { run: first, who, causeId, commands, taken: work.taken });
    control = new AbortController();
    const desk = {
      get run() {
        return current;
      },
      patch: (part: Partial<RepairRun>) => change({ ...current, ...part }),
      keep: (at: number) => kept?.put({ who, run: current, at, steps: work.steps.map((step) => step.known), baseline: work.baseline }),
      nextAfter,
    };
    done = carryOut(work, desk, ports, control.signal).then((over) => {
      if (over) kept?.drop(current.id);
      options.onEnd({ run: current, who, causeId, commands });
      if (over) followOn();
    });
  }

  function followOn(): void {
    if (disposed || running() !== null) return;
    const found = kept?.orphan() ?? null;
    if (found === null) return;
    const { steps, at, baseline, who } = found;
    const first: RepairRun = {
      ...found.run,
      endedAt: null,
      outcome: "running",
      output: [],
      cancellable: false,
      secondFactorUntil: null,
      verdict: null,
      next: null,
    };
    begin(first, who, {
      repair: found.run.repair,
      container: gateway.container,
      steps: steps.map((step) => ({ known: step, perform: (running) => followStep(step, running) })),
      from: at,
      taken: true,
      baseline,
    });
  }

  function nextAfter(repair: RepairId): RepairId | null {
    // The run that has just ended is in nobody's way.
    const offers = offersFor({ ...input(), running: null }).filter((offer) => offer.refused === null);
    const later = offers.findIndex((offer) => offer.id === repair);
    return offers[later + 1]?.id ?? offers.find((offer) => offer.id !== repair)?.id ?? null;
  }

  return {
    get run() {
      return run;
    },
    get running() {
      return running();
    },
    offers: () => offersFor(input()),
    plan(repair) {
      for (const [id, entry] of plans) if (ports.clock.now() - entry.madeAt > PLAN_MS) plans.delete(id);
      const planId = randomUUID();
      plans.set(planId, { repair, madeAt: ports.clock.now() });
      return planRepair({ ...input(), repair, planId, serverName }).plan;
    },
    knows: (planId) => plans.has(planId),
    start(planId, confirmation, who) {
      const known = plans.get(planId);
      plans.delete(planId);
      if (known === undefined || ports.clock.now() - known.madeAt > PLAN_MS)
        throw new Error("This plan is no longer valid: it was started already, or is older than two minutes. Ask for it again.");
      const { repair } = known;
      const { plan, steps: found } = planRepair({ ...input(), repair, planId, serverName });
      if (plan.refused !== null) throw new Error(plan.refused);
      if (!found.ok) throw new Error(found.why);
      if (plan.confirm === "name" && confirmation.typedName !== plan.gateway) throw new Error(`Type the gateway's name, ${plan.gateway}, to confirm.`);
      if (plan.confirm === 2 && confirmation.confirmations < 2) throw new Error("This repair on a live gateway asks for two confirmations.");
      const { steps } = found;
      const now = ports.clock.now();
      const first: RepairRun = {
        id: randomUUID(),
        repair,
        title: plan.title,
        startedAt: now,
        expectedSeconds: Math.max(plan.price.downtimeSeconds, REPAIR_CATALOGUE[repair].minutes * 60),
        endedAt: null,
        outcome: "running",
        steps: steps.map((step) => ({ title: step.title, state: "waiting", detail: "" })),
        output: [],
        cancellable: false,
        secondFactorUntil: null,
        verdict: null,
        next: null,
      };
      begin(first, who, {
        repair,
        container: gateway.container,
        steps: steps.map((step) => ({ known: step, perform: (running) => runStep(step, running) })),
        from: 0,
        taken: false,
        baseline: baselineOf(ports.evidence(), ports.diagnosis(), now),
      });
      return first.id;
    },
    followOn,
    cancel() {
      if (run?.cancellable === true) control?.abort();
    },
    ended: () => done,
    async dispose() {
      disposed = true;
      control?.abort(CLOSING);
      await done;
    },
  };
}
