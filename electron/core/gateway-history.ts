import type { ApiFailure, ContainerFact, GatewayHistory } from "./diagnosis/evidence.ts";
import { NO_HISTORY } from "./diagnosis/evidence.ts";

/** Pure steps of the short, bounded history that time-based causes are judged from. Each returns the same object where nothing changed. */

const LIMITS = { starts: 20, apiFailures: 30, queue: 60, brokerCodes: 20, repairs: 20 } as const;
/** One sample of an unchanged accept queue is kept this often (ms). */
const QUEUE_SAMPLE_MS = 5_000;
/** A restart this soon after one of our repairs began is ours (ms). */
const OURS_MS = 180_000;

const push = <T>(list: readonly T[], item: T, limit: number): readonly T[] => [...list, item].slice(-limit);

export const emptyHistory = (): GatewayHistory => NO_HISTORY;

/** Notes a new StartedAt of the container. The exit code is that of the run before, where it was seen. */
export function noteContainer(history: GatewayHistory, before: ContainerFact | null, fact: ContainerFact, now: number): GatewayHistory {
  if (fact.kind === "missing" || fact.startedAt === null) return history;
  const last = history.starts.at(-1);
  if (last !== undefined && last.startedAt === fact.startedAt && last.containerId === fact.id) return history;
  const exitCode = before?.kind === "present" && before.status !== "running" ? before.exitCode : null;
  const repair = history.repairs.at(-1);
  const byUs = repair !== undefined && now - repair.at < OURS_MS;
  const start = { startedAt: fact.startedAt, seenAt: now, byUs, exitCode, imageId: fact.imageId, containerId: fact.id };
  return { ...history, starts: push(history.starts, start, LIMITS.starts) };
}

export function noteQueue(history: GatewayHistory, value: number, at: number): GatewayHistory {
  const last = history.queue.at(-1);
  if (last !== undefined && last.value === value && at - last.at < QUEUE_SAMPLE_MS) return history;
  return { ...history, queue: push(history.queue, { at, value }, LIMITS.queue) };
}

export function noteFailures(history: GatewayHistory, failures: readonly ApiFailure[]): GatewayHistory {
  const newest = history.apiFailures.at(-1);
  const fresh = newest === undefined ? failures : failures.filter((failure) => failure.at > newest.at);
  if (fresh.length === 0) return history;
  return { ...history, apiFailures: [...history.apiFailures, ...fresh].slice(-LIMITS.apiFailures) };
}

export function noteReady(history: GatewayHistory, container: ContainerFact | null, at: number): GatewayHistory {
  const lastGood =
    container?.kind === "present" ? { at, containerId: container.id, imageId: container.imageId, startedAt: container.startedAt } : history.lastGood;
  return { ...history, lastReadyAt: at, lastGood };
}

export function noteBrokerCode(history: GatewayHistory, code: number, at: number): GatewayHistory {
  const last = history.brokerCodes.at(-1);
  if (last !== undefined && last.code === code && last.at === at) return history;
  return { ...history, brokerCodes: push(history.brokerCodes, { code, at }, LIMITS.brokerCodes) };
}

export function noteRepair(history: GatewayHistory, id: string, at: number): GatewayHistory {
  return { ...history, repairs: push(history.repairs, { id, at }, LIMITS.repairs) };
}

export function notePeer(history: GatewayHistory, peer: string | null): GatewayHistory {
  return peer === history.peer ? history : { ...history, peer };
}
