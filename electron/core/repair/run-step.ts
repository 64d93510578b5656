import type { Clock } from "../clock.ts";
import type { GatewayEvidence } from "../diagnosis/evidence.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";
import { ExecError, type HostLink } from "../host-link/host-link.ts";
import { type Baseline, hasProof, isCured, isMet } from "./cure.ts";
import type { Step } from "./steps.ts";

/** What the runner reaches the rest of Core through. */
export interface RepairPorts {
  readonly clock: Clock;
  readonly link: HostLink;
  readonly evidence: () => GatewayEvidence;
  readonly diagnosis: () => Diagnosis;
  /** Looks at container, log and sockets again; resolves when the facts are in or after 10 s. */
  readonly refresh: () => Promise<void>;
  /** Called whenever evidence or diagnosis changed. @returns an unsubscribe function */
  readonly onChange: (listener: () => void) => () => void;
  readonly park: () => Promise<() => void>;
  readonly resubscribe: () => void;
  readonly changeClientId: () => void;
  /** @throws Error with a sentence for people */
  readonly mcpPost: (path: string, deadlineMs: number) => Promise<string>;
}

export class StepFailed extends Error {
  override readonly name = "StepFailed";
}
export class StepCancelled extends Error {
  override readonly name = "StepCancelled";
}

/** How long a dropped connection may stay away before a repair gives up (ms). */
const RECONNECT_MS = 180_000;
const POLL_MS = 2_000;

/**
 * Waits until `met` holds; asks again on every change and every 2 s.
 * @throws StepFailed after the deadline (ms), StepCancelled when aborted
 */
export function waitUntil(ports: RepairPorts, met: () => boolean, deadlineMs: number, signal: AbortSignal, late: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopPoll: () => void = () => {};
    const finish = (end: () => void) => {
      stopPoll();
      stopDeadline();
      stopListening();
      signal.removeEventListener("abort", onAbort);
      end();
    };
    const onAbort = () => finish(() => reject(new StepCancelled("cancelled")));
    const look = () => {
      if (met()) finish(resolve);
    };
    const poll = () => {
      stopPoll = ports.clock.after(POLL_MS, () => {
        poll();
        look();
      });
    };
    const stopDeadline = ports.clock.after(deadlineMs, () => finish(() => reject(new StepFailed(late()))));
    const stopListening = ports.onChange(look);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) return onAbort();
    poll();
    look();
  });
}

interface Running {
  readonly ports: RepairPorts;
  readonly baseline: Baseline;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** @returns what was seen, one sentence @throws StepFailed, StepCancelled */
export async function runStep(step: Step, running: Running): Promise<string> {
  const { ports, baseline, signal } = running;
  switch (step.kind) {
    case "session":
      if (step.action === "resubscribe") ports.resubscribe();
      else ports.changeClientId();
      return "asked";
    case "mcp":
      return await ports.mcpPost(step.path, step.deadlineMs).catch((error: unknown) => {
        throw new StepFailed(error instanceof Error ? error.message : String(error));
      });
    case "await":
      return await runAwait(step, running);
    case "exec":
    case "ibc": {
      const begun = ports.clock.now();
      try {
        return step.kind === "exec" ? await runProgram(step, running) : await runIbc(step, running);
      } catch (error) {
        if (!(error instanceof LinkDropped)) throw error;
        return await readBack(step.proof, begun, running);
      }
    }
  }

  async function readBack(proof: Extract<Step, { kind: "exec" }>["proof"], begun: number, { say }: Running): Promise<string> {
    say("The connection to the server dropped; looking at what happened once it is back …");
    await waitUntil(
      ports,
      () => ports.link.state.kind === "up",
      RECONNECT_MS,
      signal,
      () => "The connection to the server did not come back; what the step did is not known. It was not repeated.",
    );
    await ports.refresh();
    const done = hasProof(proof, ports.evidence(), baseline, begun);
    if (done === false)
      throw new StepFailed("The connection dropped before the step took effect. It was not repeated; start the repair again if it is still wanted.");
    return done === true ? "done (read back after the connection dropped)" : "the connection dropped meanwhile; what follows will show whether it worked";
  }
}

class LinkDropped extends Error {}

function fromExec(error: unknown): never {
  if (error instanceof ExecError) {
    if (error.reason === "link-down") throw new LinkDropped(error.message);
    if (error.reason === "aborted") throw new StepCancelled("cancelled");
    throw new StepFailed(error.message);
  }
  throw error;
}

async function runAwait(step: Extract<Step, { kind: "await" }>, { ports, baseline, signal }: Running): Promise<string> {
  const since = ports.clock.now();
  const { condition } = step;
  if (condition !== "cured") {
    await waitUntil(
      ports,
      () => isMet(condition, ports.evidence(), baseline, since),
      step.deadlineMs,
      signal,
      () => `Not seen within ${Math.round(step.deadlineMs / 1_000)} s: ${step.title.toLowerCase()}.`,
    );
    return "seen";
  }
  await waitUntil(
    ports,
    () => isCured(baseline, ports.diagnosis()),
    step.deadlineMs,
    signal,
    () => `Still wrong after ${Math.round(step.deadlineMs / 1_000)} s: ${ports.diagnosis().sentence}`,
  );
  return `the ${baseline.light} light is right`;
}

async function runProgram(step: Extract<Step, { kind: "exec" }>, { ports, signal, say }: Running): Promise<string> {
  const errors: string[] = [];
  const control = new AbortController();
  const end = await new Promise<{ code: number | null; reason: string }>((resolve, reject) => {
    const stopDeadline = ports.clock.after(step.deadlineMs, () => control.abort());
    const onAbort = () => control.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    const finish = () => {
      stopDeadline();
      signal.removeEventListener("abort", onAbort);
    };
    ports.link
      .stream(step.argv, {
        deadlineMs: 15_000,
        signal: control.signal,
        onLine(line, source) {
          say(line);
          if (source === "stderr") errors.push(line);
        },
        onEnd(ended) {
          finish();
          resolve(ended);
        },
      })
      .then((stream) => {
        // `signal` governs the start; from here on closing the stream ends it.
        const close = () => stream.close();
        control.signal.addEventListener("abort", close, { once: true });
        if (control.signal.aborted) close();
      })
      .catch((error: unknown) => {
        finish();
        reject(error);
      });
  }).catch(fromExec);
  if (signal.aborted) throw new StepCancelled("cancelled");
  if (end.reason === "link-lost") throw new LinkDropped("link lost");
  if (control.signal.aborted) throw new StepFailed(`No end within ${Math.round(step.deadlineMs / 1_000)} s; it may still be going on on the server.`);
  if (end.code !== 0) throw new StepFailed(`It ended with exit code ${end.code ?? "none"}${errors.length > 0 ? `: ${errors.at(-1)}` : ""}.`);
  return "exit code 0";
}

async function runIbc(step: Extract<Step, { kind: "ibc" }>, { ports, signal, say }: Running): Promise<string> {
  const result = await ports.link.exec(step.argv, { deadlineMs: step.deadlineMs, signal, stdin: step.stdin, maxBytes: 16_384 }).catch(fromExec);
  const lines = `${result.stdout}\n${result.stderr}`.split(/\r?\n/).filter((line) => line.trim() !== "");
  for (const line of lines) say(line);
  const answer = lines.find((line) => /^(OK|ERROR)\b/.test(line));
  if (answer?.startsWith("OK") === true) return answer;
  if (answer !== undefined) throw new StepFailed(`IBC answered: ${answer}`);
  if (/refused/i.test(result.stderr))
    throw new StepFailed("IBC's command server does not listen (CommandServerPort is 0 unless a config.ini.tmpl of your own sets it).");
  throw new StepFailed("IBC's command server took the connection but answered nothing: the gateway's process hangs.");
}
