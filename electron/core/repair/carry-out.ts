import type { RepairRun } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import type { Baseline } from "./cure.ts";
import type { KeptStep } from "./kept-run.ts";
import { endsGateway } from "./refusals.ts";
import type { StepResult } from "./run-step.ts";
import { CLOSING, type RepairPorts, type Running, StepCancelled } from "./running.ts";

const OUTPUT_LINES = 200;
const OUTPUT_WIDTH = 500;

export interface Work {
  readonly repair: RepairId;
  readonly container: string;
  readonly steps: readonly WorkStep[];
  /** Where it begins. */
  readonly from: number;
  /** It was begun by a Gatelight that is no more: it is followed, nothing more is done. */
  readonly taken: boolean;
  readonly baseline: Baseline;
}
export interface WorkStep {
  readonly known: KeptStep;
  readonly perform: (running: Running) => Promise<StepResult>;
}

/** The run as the views see it. */
export interface Desk {
  readonly run: RepairRun;
  patch(part: Partial<RepairRun>): void;
  /** Called before each step, so that a later Gatelight can follow on from there. */
  keep(at: number): void;
  /** The repair that may be next. */
  nextAfter(repair: RepairId): RepairId | null;
}

const acts = ({ known }: WorkStep) => known.kind !== "await";
/** What a person must know of a repair that ended early. */
const left = (rest: readonly WorkStep[]): string[] =>
  rest.some(acts)
    ? [
        `Not done any more: ${rest
          .filter(acts)
          .map((step) => step.known.title)
          .join("; ")}.`,
      ]
    : [];
/**
 * What cancelling leaves, where a step can be cancelled: only where that leaves nothing half done, in a wait after the last act or in a long download.
 */
function cancelLeaves({ known }: WorkStep, rest: readonly WorkStep[]): string | null {
  if (known.kind === "await" && !rest.some(acts)) return "What was begun goes on by itself; only the waiting for it ends.";
  if (known.kind === "exec" && known.deadlineMs > 600_000) return "It ends in the middle; the gateway has not been touched.";
  return null;
}

/** Carries a repair out, or follows one on, to an outcome. Never rejects. @returns false where it goes on without us */
export async function carryOut(work: Work, desk: Desk, ports: RepairPorts, signal: AbortSignal): Promise<boolean> {
  const { steps, baseline } = work;
  const ending = endsGateway(work.repair);
  const say = (line: string) => desk.patch({ output: [...desk.run.output, line.slice(0, OUTPUT_WIDTH)].slice(-OUTPUT_LINES) });
  const setStep = (index: number, part: Partial<RepairRun["steps"][number]>) =>
    desk.patch({ steps: desk.run.steps.map((step, at) => (at === index ? { ...step, ...part } : step)) });
  let unpark: (() => void) | null = null;
  const giveBack = () => {
    unpark?.();
    unpark = null;
  };
  const stopFactor = ports.onChange(() => {
    const factor = ports.evidence().login?.value.secondFactor ?? null;
    const until = factor?.state === "pending" && factor.startedAt >= baseline.at ? factor.startedAt + factor.limitSeconds * 1_000 : null;
    if (desk.run.secondFactorUntil !== until) desk.patch({ secondFactorUntil: until });
  });
  let at = work.from;
  let leaves: string | null = null;
  let closing = false;
  const begun = desk.run.steps[work.from]?.state !== "waiting";
  desk.keep(work.from);
  try {
    if (ending || work.repair === "restart-relay") unpark = await ports.park({ sharing: ending });
    for (const [index, step] of steps.entries()) {
      if (index < work.from) continue;
      if (work.taken && acts(step) && (index > work.from || !begun)) {
        const verdict = [
          begun ? "Gatelight was ended in the middle of it." : "Gatelight was ended before it began: nothing was done.",
          ...left(steps.slice(index)),
        ].join(" ");
        desk.patch({ outcome: "failed", verdict, next: desk.nextAfter(work.repair) });
        return true;
      }
      at = index;
      if (step.known.kind === "await" && step.known.condition === "cured") giveBack();
      setStep(index, { state: "running" });
      leaves = cancelLeaves(step, steps.slice(index + 1));
      desk.patch({ cancellable: leaves !== null, cancelLeaves: leaves });
      desk.keep(index);
      const { detail, skipped } = await step.perform({ ports, baseline, signal, say, ending, subject: work.container, job: `${desk.run.id}-${index}` });
      setStep(index, { state: skipped === true ? "skipped" : "done", detail });
    }
    desk.patch({ outcome: "cured", verdict: "It worked: the light that was wrong is right again." });
  } catch (error) {
    const cancelled = error instanceof StepCancelled;
    closing = cancelled && signal.reason === CLOSING;
    const why = closing
      ? "Gatelight stopped following here: it was closed, or its settings were changed"
      : cancelled
        ? "Cancelled"
        : error instanceof Error
          ? error.message
          : String(error);
    setStep(at, { state: "failed", detail: why });
    desk.patch({
      outcome: cancelled ? "cancelled" : steps[at]?.known.kind === "await" ? "not-cured" : "failed",
      verdict: [
        why.endsWith(".") ? why : `${why}.`,
        ...(closing ? ["What runs on the server goes on by itself."] : cancelled && leaves !== null ? [leaves] : []),
        ...left(steps.slice(at + 1)),
      ].join(" "),
      next: cancelled ? null : desk.nextAfter(work.repair),
    });
  } finally {
    stopFactor();
    giveBack();
    desk.patch({
      endedAt: ports.clock.now(),
      cancellable: false,
      cancelLeaves: null,
      secondFactorUntil: null,
      steps: desk.run.steps.map((step) => (step.state === "waiting" ? { ...step, state: "skipped" } : step)),
    });
  }
  return !closing;
}
