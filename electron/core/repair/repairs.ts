import { randomUUID } from "node:crypto";
import type { GatewaySettings } from "../../../shared/settings.ts";
import type { RepairOffer, RepairPlan, RepairRun } from "../../../shared/snapshot.ts";
import type { CauseId, RepairId } from "../../../shared/words.ts";
import type { GatewayEvidence, PresentContainer } from "../diagnosis/evidence.ts";
import { baselineOf } from "./cure.ts";
import { REPAIR_CATALOGUE } from "./ladder.ts";
import { offersFor, planRepair, type Sharer } from "./plan.ts";
import { endsGateway } from "./refusals.ts";
import { runStep } from "./run-step.ts";
import { type RepairPorts, StepCancelled } from "./running.ts";
import type { Step } from "./steps.ts";

/** A plan must be started within this time (ms); what it says may be wrong later. */
const PLAN_MS = 120_000;
const OUTPUT_LINES = 200;
const OUTPUT_WIDTH = 500;

export interface RepairEnd {
  readonly run: RepairRun;
  readonly who: string;
  readonly causeId: CauseId | null;
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
  readonly onRun: (run: RepairRun) => void;
  readonly onBegin: (repair: RepairId, begin: RepairEnd) => void;
  readonly onEnd: (end: RepairEnd) => void;
}

const CLOSING = "closing";
const acts = (step: Step) => step.kind !== "await";
/** What a person must know of a repair that ended early. */
const left = (rest: readonly Step[]): string[] =>
  rest.some(acts)
    ? [
        `Not done any more: ${rest
          .filter(acts)
          .map((step) => step.title)
          .join("; ")}.`,
      ]
    : [];
/** Only where that leaves nothing half done: in a wait after the last act, or in a long download. */
const mayCancel = (step: Step, rest: readonly Step[]) => (step.kind === "await" ? !rest.some(acts) : step.kind === "exec" && step.deadlineMs > 600_000);

export function createRepairs(options: RepairsOptions): Repairs {
  const { gateway, docker, serverName, ports } = options;
  const plans = new Map<string, { repair: RepairId; madeAt: number }>();
  let run: RepairRun | null = options.last;
  let control: AbortController | null = null;
  let done: Promise<void> = Promise.resolve();

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
  const change = (next: RepairRun) => {
    run = next;
    options.onRun(next);
  };
  const patch = (part: Partial<RepairRun>) => {
    if (run !== null) change({ ...run, ...part });
  };
  const setStep = (index: number, part: Partial<RepairRun["steps"][number]>) => {
    if (run !== null) patch({ steps: run.steps.map((step, at) => (at === index ? { ...step, ...part } : step)) });
  };

  async function carryOut(repair: RepairId, steps: readonly Step[], signal: AbortSignal, who: string): Promise<void> {
    const baseline = baselineOf(ports.evidence(), ports.diagnosis(), ports.clock.now());
    const id = run?.id ?? "";
    const ending = endsGateway(repair);
    const say = (line: string) => patch({ output: [...(run?.output ?? []), line.slice(0, OUTPUT_WIDTH)].slice(-OUTPUT_LINES) });
    let unpark: (() => void) | null = null;
    const giveBack = () => {
      unpark?.();
      unpark = null;
    };
    const stopFactor = ports.onChange(() => {
      const factor = ports.evidence().login?.value.secondFactor ?? null;
      const until = factor?.state === "pending" && factor.startedAt >= baseline.at ? factor.startedAt + factor.limitSeconds * 1_000 : null;
      if (run !== null && run.secondFactorUntil !== until) patch({ secondFactorUntil: until });
    });
    let at = 0;
    try {
      if (ending || repair === "restart-relay") unpark = await ports.park();
      for (const [index, step] of steps.entries()) {
        at = index;
        if (step.kind === "await" && step.condition === "cured") giveBack();
        setStep(index, { state: "running" });
        patch({ cancellable: mayCancel(step, steps.slice(index + 1)) });
        const { detail, skipped } = await runStep(step, { ports, baseline, signal, say, ending, job: `${id}-${index}` });
        setStep(index, { state: skipped === true ? "skipped" : "done", detail });
      }
      patch({ outcome: "cured", verdict: "It worked: the light that was wrong is right again." });
    } catch (error) {
      const cancelled = error instanceof StepCancelled;
      const closing = cancelled && signal.reason === CLOSING;
      const why = closing
        ? "Gatelight stopped following here: it was closed, or its settings were changed"
        : cancelled
          ? "Cancelled"
          : error instanceof Error
            ? error.message
            : String(error);
      setStep(at, { state: "failed", detail: why });
      patch({
        outcome: cancelled ? "cancelled" : steps[at]?.kind === "await" ? "not-cured" : "failed",
        verdict: [why.endsWith(".") ? why : `${why}.`, ...left(steps.slice(at + 1)), ...(closing ? ["What runs on the server goes on by itself."] : [])].join(
          " ",
        ),
        next: cancelled ? null : nextAfter(repair),
      });
    } finally {
      stopFactor();
      giveBack();
      patch({
        endedAt: ports.clock.now(),
        cancellable: false,
        secondFactorUntil: null,
        steps: (run?.steps ?? []).map((step) => (step.state === "waiting" ? { ...step, state: "skipped" } : step)),
      });
      if (run !== null) options.onEnd({ run, who, causeId: baseline.causeId });
    }
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
      const { plan, steps } = planRepair({ ...input(), repair: known.repair, planId, serverName });
      if (plan.refused !== null) throw new Error(plan.refused);
      if (!steps.ok) throw new Error(steps.why);
      if (plan.confirm === "name" && confirmation.typedName !== plan.gateway) throw new Error(`Type the gateway's name, ${plan.gateway}, to confirm.`);
      if (plan.confirm === 2 && confirmation.confirmations < 2) throw new Error("This repair on a live gateway asks for two confirmations.");
      const id = randomUUID();
      change({
        id,
        repair: known.repair,
        title: plan.title,
        startedAt: ports.clock.now(),
        expectedSeconds: Math.max(plan.price.downtimeSeconds, REPAIR_CATALOGUE[known.repair].minutes * 60),
        endedAt: null,
        outcome: "running",
        steps: steps.steps.map((step) => ({ title: step.title, state: "waiting", detail: "" })),
        output: [],
        cancellable: false,
        secondFactorUntil: null,
        verdict: null,
        next: null,
      });
      if (run !== null) options.onBegin(known.repair, { run, who, causeId: ports.diagnosis().cause?.id ?? null });
      control = new AbortController();
      done = carryOut(known.repair, steps.steps, control.signal, who);
      return id;
    },
    cancel() {
      if (run?.cancellable === true) control?.abort();
    },
    ended: () => done,
    async dispose() {
      control?.abort(CLOSING);
      await done;
    },
  };
}
