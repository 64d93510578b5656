import { ExecError } from "../host-link/host-link.ts";
import { endJob, type JobState, jobArgv, NOT_BEGUN, readJob, removeJob } from "./job.ts";
import { type Running, StepCancelled, StepFailed, waitUntil } from "./running.ts";
import type { Step } from "./steps.ts";

type ExecStep = Extract<Step, { kind: "exec" }>;

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

/** Runs one program on the server to its end, through a dropped connection if need be. @returns what was seen @throws StepFailed, StepCancelled */
export async function runProgram(step: ExecStep, running: Running): Promise<string> {
  const ended = running.ports.link.kind === "local" && step.stdin !== undefined ? await runHere(step, step.stdin, running) : await runThere(step, running);
  const detail = verdict(step, ended);
  return ended.readBack ? `${detail} (read back after the connection dropped)` : detail;
}

function verdict(step: ExecStep, { code, lines }: Ended): string {
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

/** On this machine no connection can drop. */
async function runHere(step: ExecStep, stdin: string, { ports, signal, say }: Running): Promise<Ended> {
  const result = await ports.link.exec(step.argv, { deadlineMs: step.deadlineMs, signal, stdin: `${stdin}\n`, maxBytes: 65_536 }).catch((error: unknown) => {
    if (error instanceof ExecError && error.reason === "aborted") throw new StepCancelled("cancelled");
    throw new StepFailed(error instanceof Error ? error.message : String(error));
  });
  const lines = `${result.stdout}\n${result.stderr}`.split(/\r?\n/).filter((line) => line !== "");
  for (const line of lines) say(line);
  return { code: result.code, lines, readBack: false };
}

async function runThere(step: ExecStep, running: Running): Promise<Ended> {
  const { ports, signal, say, job } = running;
  const { link, clock } = ports;
  const deadline = clock.now() + step.deadlineMs;
  const remote = link.kind === "ssh";
  const argv = remote ? jobArgv(job, step.stdin ?? "", step.argv) : step.argv;
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
        .stream(argv, { deadlineMs: START_MS, signal: control.signal, onLine: take, onEnd: resolve })
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
    if (remote && signal.reason !== "closing") await endAndRemove(running);
    throw new StepCancelled("cancelled");
  }
  if (end.reason === "exit") {
    if (remote && end.code === NOT_BEGUN && step.codes?.[NOT_BEGUN] === undefined)
      throw new StepFailed(`Nothing was run: its outcome could not be kept on the server (${lines.at(-1) ?? "no folder for temporary files"}).`);
    if (remote) await removeJob(link, job).catch(() => say("The step's temporary folder was left on the server."));
    return { code: end.code, lines, readBack: false };
  }
  if (control.signal.aborted) throw new StepFailed(`No end within ${Math.round(step.deadlineMs / 1_000)} s; it may still be going on on the server.`);
  if (!remote) throw new StepFailed("The program was lost; what it did is not known.");
  return await readBack(lines.length, deadline, running);
}

async function endAndRemove({ ports, job, say }: Running): Promise<void> {
  try {
    await endJob(ports.link, job);
    await removeJob(ports.link, job);
  } catch (error) {
    say(`It could not be ended: ${String(error)}`);
  }
}

/** After a dropped connection: waits for it to come back and for the program to end. It is never started again. */
async function readBack(said: number, deadline: number, running: Running): Promise<Ended> {
  const { ports, signal, say, job } = running;
  say("The connection to the server dropped; looking at what happened once it is back …");
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
    if (state?.kind === "ended") {
      for (const line of state.lines.slice(said)) say(line);
      await removeJob(ports.link, job).catch(() => undefined);
      return { code: state.code, lines: state.lines, readBack: true };
    }
    if (state?.kind === "absent")
      throw new StepFailed("The connection dropped before the step began: nothing was done. Start the repair again if it is still wanted.");
    if (state?.kind === "gone") throw new StepFailed("The step was ended on the server before it was done; it was not repeated.");
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
