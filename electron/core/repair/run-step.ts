import { isCured, isMet } from "./cure.ts";
import type { KeptStep } from "./kept-run.ts";
import { followProgram, runProgram } from "./run-program.ts";
import { type Running, StepCancelled, StepFailed, waitUntil } from "./running.ts";
import type { Step } from "./steps.ts";

/** While a cure is awaited the slow probes (screen, MCP, Docker) look this often (ms). */
const REFRESH_MS = 10_000;

/** Of a step that was left out. */
export const NOT_NEEDED = "not needed";

export interface StepResult {
  /** What was seen, one sentence. */
  readonly detail: string;
  readonly skipped?: boolean;
}

/** @throws StepFailed, StepCancelled */
export async function runStep(step: Step, running: Running): Promise<StepResult> {
  const { ports, signal } = running;
  if (signal.aborted) throw new StepCancelled("cancelled");
  switch (step.kind) {
    case "session":
      if (step.action === "resubscribe") ports.resubscribe();
      else ports.changeClientId();
      return { detail: "asked" };
    case "mcp":
      return { detail: await post(step, running) };
    case "await":
      return await awaited(step, running);
    case "exec":
      if (step.unless !== undefined && (await holds(step.unless, running))) return { detail: NOT_NEEDED, skipped: true };
      return await tolerated(step, () => runProgram(step, running));
  }
}

/** A step that a Gatelight which is no more had begun: what came of it is looked at, nothing is done. @throws StepFailed, StepCancelled */
export async function followStep(step: KeptStep, running: Running): Promise<StepResult> {
  if (running.signal.aborted) throw new StepCancelled("cancelled");
  switch (step.kind) {
    case "session":
    case "mcp":
      return { detail: "was interrupted; what follows will show whether it worked" };
    case "await":
      return await awaited(step, running);
    case "exec":
      return await tolerated(step, () => followProgram(step, running));
  }
}

type Await = Extract<Step, { kind: "await" }>;
const awaited = async (step: Await, running: Running): Promise<StepResult> => ({
  detail: step.condition === "cured" ? await untilCured(step.deadlineMs, running) : await untilMet(step, step.condition, running),
});

async function tolerated(step: { readonly mayFail?: string | undefined }, run: () => Promise<string>): Promise<StepResult> {
  try {
    return { detail: await run() };
  } catch (error) {
    if (step.mayFail === undefined || !(error instanceof StepFailed)) throw error;
    return { detail: `${step.mayFail} ${error.message}`, skipped: true };
  }
}

async function post(step: Extract<Step, { kind: "mcp" }>, { ports }: Running): Promise<string> {
  try {
    return await ports.mcpPost(step.path, step.deadlineMs);
  } catch (error) {
    // Whether the request arrived is not known then; the MCP light will tell. It is not sent again.
    if (ports.link.state.kind !== "up") return "the connection to the server dropped meanwhile; what follows will show whether it worked";
    throw new StepFailed(error instanceof Error ? error.message : String(error));
  }
}

/** Whether the condition comes to hold within its time (ms). */
async function holds(unless: NonNullable<Extract<Step, { kind: "exec" }>["unless"]>, { ports, baseline, signal }: Running): Promise<boolean> {
  const since = ports.clock.now();
  try {
    await waitUntil(
      ports,
      () => isMet(unless.condition, ports.evidence(), baseline, since),
      unless.withinMs,
      signal,
      () => "",
    );
    return true;
  } catch (error) {
    if (error instanceof StepFailed) return false;
    throw error;
  }
}

async function untilMet(step: Await, condition: Exclude<typeof step.condition, "cured">, { ports, baseline, signal }: Running): Promise<string> {
  const since = ports.clock.now();
  await waitUntil(
    ports,
    () => isMet(condition, ports.evidence(), baseline, since),
    step.deadlineMs,
    signal,
    () => `Not seen within ${Math.round(step.deadlineMs / 1_000)} s: ${step.title.toLowerCase()}. ${ports.diagnosis().sentence}`,
  );
  return "seen";
}

async function untilCured(deadlineMs: number, { ports, baseline, signal, ending }: Running): Promise<string> {
  const since = ports.clock.now();
  let stop: () => void = () => {};
  const look = () => {
    // Never rejects in a way that matters: what could not be looked at stays unproven.
    void ports.refresh().catch(() => undefined);
    stop = ports.clock.after(REFRESH_MS, look);
  };
  look();
  try {
    await waitUntil(
      ports,
      () => isCured({ baseline, evidence: ports.evidence(), diagnosis: ports.diagnosis(), since, ending }),
      deadlineMs,
      signal,
      () => `Still wrong after ${Math.round(deadlineMs / 1_000)} s: ${ports.diagnosis().sentence}`,
    );
  } finally {
    stop();
  }
  return `the ${baseline.light} light is right`;
}
