import { ExecError } from "../host-link/host-link.ts";
import { BUSY, endJob, type JobState, jobArgv, keepsJobs, NOT_BEGUN, readJob, removeJob } from "./job.ts";
import type { KeptStep } from "./kept-run.ts";
import { CLOSING, type Running, StepCancelled, StepFailed, waitUntil } from "./running.ts";
import type { Step } from "./steps.ts";

type ExecStep = Extract<Step, { kind: "exec" }>;
type KeptExec = Extract<KeptStep, { kind: "exec" }>;

/** How long a dropped connection may stay away before a repair gives up (ms). */
const RECONNECT_MS = 180_000;
const POLL_MS = 1_000;
const START_MS = 15_000;

interface Ended {
  /** `null` where it is not known. */
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly readBack: boolean;
}
type Followed = Extract<JobState, { kind: "ended" | "absent" }> | { readonly kind: "gone" };

/** Runs one program on the server to its end, through a dropped connection if need be. @returns what was seen @throws StepFailed, StepCancelled */
export async function runProgram(step: ExecStep, running: Running): Promise<string> {
  const jobs = keepsJobs(running.ports.link);
  const ended = !jobs && step.stdin !== undefined ? await runHere(step, step.stdin, running) : await runThere(step, running, jobs);
  const detail = verdict(step, ended);
  return ended.readBack ? `${detail} (read back after the connection dropped)` : detail;
}

/** What came of a program that a Gatelight which is no more had started, or was about to. Nothing is started. @throws StepFailed, StepCancelled */
export async function followProgram(step: KeptExec, running: Running): Promise<string> {
  const unknown = "was interrupted; what came of it is not known";
  if (!keepsJobs(running.ports.link)) return unknown;
  const state = await follow(0, running.ports.clock.now() + step.deadlineMs, running);
  const was = "was interrupted; outcome read back: ";
  if (state.kind === "absent") return unknown;
  if (state.kind !== "ended") throw new StepFailed(`${was}it was ended on the server before it was done. It was not repeated.`);
  try {
    return `${was}${verdict(step, { code: state.code, lines: state.lines, readBack: true })}`;
  } catch (error) {
    throw error instanceof StepFailed ? new StepFailed(`${was}${error.message}`) : error;
  }
}

function verdict(step: KeptExec, { code, lines }: Ended): string {
  const last = lines.findLast((line) => line.trim() !== "");
  if (step.answer === "ibc") {
    const answer = lines.find((line) => /^(OK|ERROR)\b/.test(line));
    if (answer?.startsWith("OK") === true) return answer.trim();
    if (answer !== undefined) throw new StepFailed(`IBC answered: ${answer.trim()}`);
    if (lines.some((line) => /connection refused/i.test(line)))
      throw new StepFailed("IBC's command server does not listen (CommandServerPort is 0 unless a config.ini.tmpl of your own sets it).");
    if (code === 0) throw new StepFailed("IBC's command server took the connection but answered nothing: the gateway's process hangs.");
  }
  if (code === 0 || (code !== null && step.okCodes?.includes(code) === true)) return `exit code ${code}`;
  const meaning = code === null ? undefined : step.codes?.[code];
  throw new StepFailed(`It ended with exit code ${code ?? "none"}${meaning !== undefined ? `: ${meaning}` : last === undefined ? "" : `: ${last.trim()}`}.`);
}

/** Where there is no shell to keep the outcome (Windows). */
async function runHere(step: ExecStep, stdin: string, { ports, signal, say }: Running): Promise<Ended> {
  const result = await ports.link.exec(step.argv, { deadlineMs: step.deadlineMs, signal, stdin: `${stdin}\n`, maxBytes: 65_536 }).catch((error: unknown) => {
    if (error instanceof ExecError && error.reason === "aborted") throw new StepCancelled("cancelled");
    throw new StepFailed(error instanceof Error ? error.message : String(error));
  });
  const lines = `${result.stdout}\n${result.stderr}`.split(/\r?\n/).filter((line) => line !== "");
  for (const line of lines) say(line);
  return { code: result.code, lines, readBack: false };
}

async function runThere(step: ExecStep, running: Running, jobs: boolean): Promise<Ended> {
  const { ports, signal, say, job } = running;
  const { link, clock } = ports;
  const begun = clock.now();
  const deadline = begun + step.deadlineMs;
  const argv = jobs ? jobArgv({ id: job, subject: running.subject, stdin: step.stdin ?? "" }, step.argv) : step.argv;
  const lines: string[] = [];
  const take = (line: string) => {
    lines.push(line);
    say(line);
  };
  const control = new AbortController();
  const onAbort = () => control.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  const stopDeadline = clock.after(step.deadlineMs, onAbort);
  let end: { code: number | null; reason: string };
  try {
    end = await new Promise((resolve, reject) => {
      link
        .stream(argv, { deadlineMs: START_MS, signal: control.signal, apart: true, onLine: take, onEnd: resolve })
        .then((stream) => {
          // `signal` governs the start; from here on closing the stream ends it.
          control.signal.addEventListener("abort", () => stream.close(), { once: true });
          if (control.signal.aborted) stream.close();
        })
        .catch(reject);
    });
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    end = { code: null, reason: error.reason };
    if (error.reason !== "link-down" && error.reason !== "aborted" && error.reason !== "timeout") throw new StepFailed(error.message);
  } finally {
    stopDeadline();
    signal.removeEventListener("abort", onAbort);
  }
  if (signal.aborted) {
    // Only a person's word ends what runs; where Gatelight is quit it goes on to its end.
    if (jobs && signal.reason !== CLOSING) await endAndRemove(running);
    throw new StepCancelled("cancelled");
  }
  if (end.reason === "exit") {
    if (jobs && end.code === NOT_BEGUN && step.codes?.[NOT_BEGUN] === undefined)
      throw new StepFailed(`Nothing was run: its outcome could not be kept on the server (${lines.at(-1) ?? "no folder for temporary files"}).`);
    if (jobs && end.code === BUSY && step.codes?.[BUSY] === undefined)
      throw new StepFailed("Another Gatelight is repairing this container now; nothing was done here.");
    if (jobs) await removeJob(link, job).catch(() => say("The step's temporary folder was left on the server."));
    return { code: end.code, lines, readBack: false };
  }
  if (control.signal.aborted) throw new StepFailed(`No end within ${Math.round(step.deadlineMs / 1_000)} s; it may still be going on on the server.`);
  if (!jobs) throw new StepFailed("The program was lost; what it did is not known.");
  const state = await follow(lines.length, deadline, running, "The connection to the server dropped; looking at what happened once it is back …");
  // A folder for temporary files is often emptied at a start.
  if (state.kind === "absent" && state.bootedAgo !== null && state.bootedAgo * 1_000 < clock.now() - begun)
    throw new StepFailed("The server was restarted meanwhile; what the step had done is not known. It was not repeated.");
  if (state.kind === "absent")
    throw new StepFailed("The connection dropped before the step began: nothing was done. Start the repair again if it is still wanted.");
  if (state.kind !== "ended") throw new StepFailed("The step was ended on the server before it was done; it was not repeated.");
  return { code: state.code, lines: state.lines, readBack: true };
}

async function endAndRemove({ ports, job, say }: Running): Promise<void> {
  try {
    await endJob(ports.link, job);
    await removeJob(ports.link, job);
  } catch (error) {
    say(`It could not be ended: ${String(error)}`);
  }
}

/**
 * Looks at a program that is not seen any more until it has ended, through dropped connections. It is never started again.
 * @param said lines of its output that are known already
 */
async function follow(said: number, deadline: number, running: Running, first?: string): Promise<Followed> {
  const { ports, signal, say, job } = running;
  if (first !== undefined) say(first);
  for (;;) {
    await waitUntil(
      ports,
      () => ports.link.state.kind === "up",
      RECONNECT_MS,
      signal,
      () => "The connection to the server did not come back; what the step did is not known. It was not repeated.",
    );
    const state = await readJob(ports.link, job).catch((error: unknown): JobState | null => {
      if (ports.link.state.kind !== "up" || (error instanceof ExecError && error.reason === "link-down")) return null;
      throw new StepFailed(error instanceof Error ? error.message : String(error));
    });
    if (state?.kind === "ended") for (const line of state.lines.slice(said)) say(line);
    if (state?.kind === "ended" || state?.kind === "gone")
      await removeJob(ports.link, job).catch(() => say("The step's temporary folder was left on the server."));
    if (state?.kind === "ended" || state?.kind === "absent") return state;
    if (state?.kind === "gone") return { kind: "gone" };
    if (ports.clock.now() >= deadline) throw new StepFailed("It has not ended in its time; it may still be going on on the server.");
    await pause(ports, signal);
  }
}

function pause(ports: Running["ports"], signal: AbortSignal): Promise<void> {
  const until = ports.clock.now() + POLL_MS;
  return waitUntil(
    ports,
    () => ports.clock.now() >= until,
    2 * POLL_MS,
    signal,
    () => "",
  ).catch((error: unknown) => {
    if (error instanceof StepCancelled) throw error;
  });
}
