import type { Clock } from "../clock.ts";
import type { HostLink, LineStream } from "../host-link/host-link.ts";
import { LogOrder, type StampedLine } from "./log-order.ts";

/** More lines than a gateway writes in weeks; what lies before is not asked for. */
const MAX_TAIL = 20_000;
/** So many lines this soon were there before we asked. */
const BACKLOG_MS = 30_000;
const START_DEADLINE_MS = 10_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 60_000;

export interface LogFollowerPorts {
  readonly link: Pick<HostLink, "stream">;
  readonly clock: Clock;
  readonly docker: string;
  readonly container: string;
  /** By the server's clock, ms since the epoch. */
  readonly since: number;
  /** In the order of docker's stamps. */
  readonly onLine: (line: StampedLine) => void;
  /** The beginning of the log was not read: there are more lines than we ask for. */
  readonly onTruncated: () => void;
  readonly onSpawn: () => void;
  /** Does the container still run since the same start? A stream that ends then is begun again. */
  readonly goesOn: () => boolean;
  readonly linkUp: () => boolean;
}

/** `docker logs -f` of one run of a container, from its start; goes on where it stopped after a lost link. */
export class LogFollower {
  readonly #ports: LogFollowerPorts;
  readonly #order: LogOrder;
  #stream: LineStream | null = null;
  #abort: AbortController | null = null;
  #cancelRetry: (() => void) | null = null;
  #retryMs = FIRST_RETRY_MS;
  #lines = 0;
  #openedAt = 0;
  /** The run is over and read to its end. */
  #complete = false;
  #disposed = false;

  constructor(ports: LogFollowerPorts) {
    this.#ports = ports;
    this.#order = new LogOrder(ports.clock, ports.onLine);
  }

  /** Begins, or begins again where it stopped. */
  start(): void {
    if (this.#disposed || this.#complete || this.#abort !== null) return;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    void this.#open();
  }

  /** The link is gone; what was read is kept. */
  pause(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#abort?.abort();
    this.#abort = null;
    this.#stream?.close();
    this.#stream = null;
  }

  dispose(): void {
    this.#disposed = true;
    this.pause();
    this.#order.dispose();
  }

  async #open(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.#lines = 0;
    this.#openedAt = this.#ports.clock.now();
    const resumedAt = this.#order.lastStamp;
    if (resumedAt !== null) this.#order.resume();
    const since = resumedAt ?? new Date(this.#ports.since).toISOString();
    const { docker, container } = this.#ports;
    this.#ports.onSpawn();
    try {
      const stream = await this.#ports.link.stream([docker, "logs", "-f", "--timestamps", "--since", since, "--tail", String(MAX_TAIL), container], {
        deadlineMs: START_DEADLINE_MS,
        signal: abort.signal,
        onLine: (line, source) => {
          if (this.#abort !== abort) return;
          this.#lines++;
          if (this.#lines === MAX_TAIL && this.#ports.clock.now() - this.#openedAt < BACKLOG_MS) this.#ports.onTruncated();
          this.#order.add(line, source);
          this.#retryMs = FIRST_RETRY_MS;
        },
        onEnd: (end) => this.#ended(abort, end.reason === "exit"),
      });
      if (this.#abort === abort) this.#stream = stream;
      else stream.close();
    } catch {
      // The link's state and inspect tell what is wrong; here it is only tried again.
      this.#ended(abort, false);
    }
  }

  #ended(abort: AbortController, exited: boolean): void {
    if (this.#abort !== abort) return;
    this.#abort = null;
    this.#stream = null;
    this.#order.flush();
    const goesOn = this.#ports.goesOn();
    this.#complete = exited && !goesOn && this.#ports.linkUp();
    if (this.#disposed || !goesOn) return;
    this.#cancelRetry = this.#ports.clock.after(this.#retryMs, () => this.start());
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }
}
