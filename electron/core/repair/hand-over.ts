import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Clock } from "../clock.ts";

export interface HandOverRef {
  readonly server: string;
  readonly gateway: string;
}

/** What of one gateway Core can do about it. */
export interface HandOverTarget {
  release(until: number | null): Promise<void>;
  resume(): void;
  readonly containerRuns: boolean;
  /** @throws Error in plain words */
  stop(): Promise<void>;
  /** @throws Error in plain words */
  start(): Promise<void>;
}

export interface HandOverPorts {
  readonly clock: Clock;
  /** Where it is kept, so that a gateway that was stopped is started again though Gatelight was quit meanwhile; `null`: nowhere. */
  readonly file: string | null;
  readonly target: (ref: HandOverRef) => HandOverTarget | null;
  readonly log: (message: string) => void;
}

export interface HandOvers {
  /** Gives the account away until then (ms since the epoch; `null`: until asked back). @throws Error in plain words where the gateway cannot be stopped */
  release(ref: HandOverRef, until: number | null, stopGateway: boolean): Promise<void>;
  /** Takes it back, and starts the gateway where it was stopped for this. @throws Error in plain words */
  resume(ref: HandOverRef): Promise<void>;
  /** A server is watched anew (settings changed, Gatelight started): what was given away stays given away. Call it before its sessions start. */
  adopt(server: string): void;
  dispose(): void;
}

const kept = z.array(z.strictObject({ server: z.string(), gateway: z.string(), until: z.number().nullable(), stopped: z.boolean() })).max(1_000);
type Entry = z.output<typeof kept>[number];

/** The server may be away just then. */
const RETRY_MS = 10_000;
/** A clock that was set, or a machine that slept, is noticed within this (ms). */
const LONGEST_MS = 10_000;

/** The account left to TWS for a while: ends by itself, whatever happens to settings and connections meanwhile. */
export function createHandOvers(ports: HandOverPorts): HandOvers {
  const { clock } = ports;
  const entries = new Map<string, Entry>();
  const timers = new Map<string, () => void>();
  const keyOf = (ref: HandOverRef) => JSON.stringify([ref.server, ref.gateway]);
  for (const entry of readKept(ports)) entries.set(keyOf(entry), entry);

  const keep = () => {
    if (ports.file === null) return;
    try {
      if (entries.size === 0) rmSync(ports.file, { force: true });
      else writeFileSync(ports.file, `${JSON.stringify([...entries.values()])}\n`, { mode: 0o600 });
    } catch (error) {
      ports.log(`the hand-over could not be kept: ${String(error)}`);
    }
  };
  const forget = (key: string) => {
    timers.get(key)?.();
    timers.delete(key);
  };
  const wakeIn = (key: string, ms: number, run: () => void) => {
    forget(key);
    timers.set(key, clock.after(Math.max(0, ms), run));
  };
  const finish = async (entry: Entry): Promise<void> => {
    const key = keyOf(entry);
    forget(key);
    const target = ports.target(entry);
    if (target === null) return;
    target.resume();
    if (entry.stopped) await target.start();
    // Given away anew while the gateway was starting: that one stands.
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    keep();
  };
  const watch = (entry: Entry): void => {
    const key = keyOf(entry);
    if (entry.until === null) return;
    const left = entry.until - clock.now();
    if (left > 0) {
      wakeIn(key, Math.min(left, LONGEST_MS), () => watch(entry));
      return;
    }
    finish(entry).catch((error: unknown) => {
      ports.log(`taking the account back: ${error instanceof Error ? error.message : String(error)}`);
      if (entries.get(key) === entry) wakeIn(key, RETRY_MS, () => watch(entry));
    });
  };

  return {
    async release(ref, until, stopGateway) {
      const target = ports.target(ref);
      if (target === null) throw new Error(`There is no gateway ${ref.gateway} on ${ref.server}.`);
      const key = keyOf(ref);
      const put = (stopped: boolean) => {
        const entry = { server: ref.server, gateway: ref.gateway, until, stopped };
        entries.set(key, entry);
        keep();
        forget(key);
        watch(entry);
      };
      // What was stopped before for the same reason is still ours to start.
      const before = entries.get(key)?.stopped === true;
      await target.release(until);
      put(before);
      if (!stopGateway || !target.containerRuns) return;
      // Noted before it is done: a gateway stopped by a call whose answer was lost is started again all the same.
      put(true);
      await target.stop();
    },
    async resume(ref) {
      const entry = entries.get(keyOf(ref));
      if (entry === undefined) ports.target(ref)?.resume();
      else await finish(entry);
    },
    adopt(server) {
      for (const entry of entries.values()) {
        if (entry.server !== server) continue;
        const target = ports.target(entry);
        if (target === null) continue;
        if (entry.until === null || entry.until > clock.now()) target.release(entry.until).catch((error: unknown) => ports.log(String(error)));
        watch(entry);
      }
    },
    dispose() {
      for (const stop of timers.values()) stop();
      timers.clear();
    },
  };
}

function readKept({ file, log }: HandOverPorts): Entry[] {
  if (file === null) return [];
  try {
    return kept.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) log(`the kept hand-over could not be read: ${String(error).slice(0, 200)}`);
    return [];
  }
}
