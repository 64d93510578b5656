import type { Clock } from "../clock.ts";
import type { GatewayEvidence } from "../diagnosis/evidence.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";
import type { HostLink } from "../host-link/host-link.ts";
import type { Baseline } from "./cure.ts";

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
  /** Closes our own API session, with `sharing` also those of the other gateways in the container. @returns what gives them back */
  readonly park: (options: { sharing: boolean }) => Promise<() => void>;
  readonly resubscribe: () => void;
  readonly changeClientId: () => void;
  /** @throws Error with a sentence for people */
  readonly mcpPost: (path: string, deadlineMs: number) => Promise<string>;
}

/** Why a run is aborted that nobody has cancelled: Gatelight is closed. What runs on the server goes on and is followed on later. */
export const CLOSING = "closing";

export class StepFailed extends Error {
  override readonly name = "StepFailed";
}
export class StepCancelled extends Error {
  override readonly name = "StepCancelled";
}

const POLL_MS = 2_000;
/**
 * Waits until `met` holds; asks again on every change and every 2 s.
 * @throws StepFailed after the deadline (ms), StepCancelled when aborted
 */
export function waitUntil(
  ports: Pick<RepairPorts, "clock" | "onChange">,
  met: () => boolean,
  deadlineMs: number,
  signal: AbortSignal,
  late: () => string,
): Promise<void> {
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

export interface Running {
  readonly ports: RepairPorts;
  readonly baseline: Baseline;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Unique to this step of this run. */
  readonly job: string;
  /** The container that is repaired. */
  readonly subject: string;
  /** The gateway itself was restarted by this repair: it must be usable again, whichever light was wrong. */
  readonly ending: boolean;
}
