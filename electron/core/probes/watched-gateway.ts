import type { ContainerFact, GatewayTarget, PresentContainer, SocketsFact } from "../diagnosis/evidence.ts";
import { dockerTime } from "./docker-inspect.ts";
import { silentTimeout } from "./ibc-log/launcher-log.ts";
import { LoginLog } from "./ibc-log/login-log.ts";
import { LogFollower } from "./log-follower.ts";
import type { StampedLine } from "./log-order.ts";
import type { WatchedFacts, WatchShared } from "./server-watch.ts";

const COALESCE_MS = 200;
const FIRST_LINES_MS = 2_000;

/** What is kept of one gateway across lost links: its container as last seen, its log as far as read. */
export class WatchedGateway {
  readonly target: GatewayTarget;
  readonly #shared: WatchShared;
  container: ContainerFact | null = null;
  lastMore = 0;
  lastExec = Number.NEGATIVE_INFINITY;
  lastTop = Number.NEGATIVE_INFINITY;
  lastLauncher = Number.NEGATIVE_INFINITY;
  /** This process id has no readable tables: looks go through docker exec. */
  unreadablePid: number | null = null;
  gonePid: number | null = null;
  busy = false;
  peerOf: string | null = null;
  #log: LoginLog;
  #follower: LogFollower | null = null;
  #followed = "";
  #cancel: (() => void) | null = null;
  #javaStopped: boolean | null = null;
  /** By the server's clock; of this log-in alone. */
  #silentTimeoutAt: number | null = null;

  constructor(target: GatewayTarget, shared: WatchShared) {
    this.target = target;
    this.#shared = shared;
    this.#log = new LoginLog(target.mode);
  }

  /** The container where it runs and its process is known. */
  get running(): (PresentContainer & { readonly pid: number }) | null {
    const { container } = this;
    if (container?.kind !== "present" || container.pid === null || container.status !== "running") return null;
    return { ...container, pid: container.pid };
  }

  /** One run of one container. */
  get runKey(): string {
    const { container } = this;
    return container?.kind === "present" && container.startedAt !== null ? `${container.id} ${container.startedAt}` : "";
  }

  get loggedIn(): boolean {
    const { phase } = this.#log.snapshot();
    return phase === "logged-in" || phase === "configured";
  }

  /** By its state letter java was stopped, or goes on: then docker is asked for the processes at once, where there is trouble. */
  noteJava(letter: string | null): void {
    const stopped = letter === null ? null : /t/i.test(letter);
    if (stopped !== null && this.#javaStopped !== null && stopped !== this.#javaStopped) this.lastTop = Number.NEGATIVE_INFINITY;
    this.#javaStopped = stopped ?? this.#javaStopped;
  }

  /** Since when a log-in that was sent off has had no answer, by the server's clock; `null`: none has been. */
  get authenticatingSince(): number | null {
    const { phase, phaseAt, lastProgressAt } = this.#log.snapshot();
    return phase === "authenticating" ? (lastProgressAt ?? phaseAt) : null;
  }

  /** The end of launcher.log: has the log-in under way timed out without a word from IBKR? */
  takeLauncher(text: string): void {
    const { phase, phaseAt, stampSkewMs } = this.#log.snapshot();
    if (phase !== "authenticating" || phaseAt === null || stampSkewMs === null) return;
    const wall = silentTimeout(text, phaseAt + stampSkewMs);
    this.#silentTimeoutAt = wall === null ? null : wall - stampSkewMs;
    this.publishLogin();
  }

  publish(facts: WatchedFacts): void {
    this.#shared.onFacts(this.target.id, facts);
  }

  publishSockets(value: SocketsFact): void {
    this.publish({ sockets: { at: this.#shared.clock.now(), value } });
  }

  /** A new answer of inspect. */
  see(container: ContainerFact): void {
    this.container = container;
    this.publish({ container: { at: this.#shared.clock.now(), value: container } });
    if (this.running === null) this.publish({ sockets: null, processes: null });
    if (container.kind === "missing") {
      this.#unfollow();
      this.publish({ login: null });
    } else this.follow();
  }

  /** Reads the log of the container's newest run, from its start or from where it stopped. */
  follow(): void {
    const key = this.runKey;
    if (this.container?.kind !== "present" || this.container.startedAt === null) return;
    if (key !== this.#followed) {
      this.#unfollow();
      this.#followed = key;
      const log = new LoginLog(this.target.mode);
      this.#log = log;
      const { link, clock, docker, onSpawn } = this.#shared;
      this.#follower = new LogFollower({
        link,
        clock,
        docker,
        onSpawn,
        container: this.target.container,
        since: beginningOf(this.container.startedAt, this.container.finishedAt),
        onLine: (line) => this.#line(line),
        onTruncated: () => log.markTruncated(),
        goesOn: () => this.#followed === this.runKey && this.running !== null && link.state.kind === "up",
        linkUp: () => link.state.kind === "up",
      });
    }
    this.#follower?.start();
  }

  /** The link is gone. */
  pause(): void {
    this.busy = false;
    this.#follower?.pause();
  }

  publishLogin(): void {
    if (this.#followed === "") return;
    const login = this.#log.snapshot(this.#shared.skew());
    const silent = this.#silentTimeoutAt === null || login.phase !== "authenticating" ? null : this.#silentTimeoutAt - this.#shared.skew();
    // Said of an attempt before this one.
    if (silent === null || silent < (login.phaseAt ?? 0)) this.#silentTimeoutAt = null;
    this.publish({ login: { at: this.#shared.clock.now(), value: this.#silentTimeoutAt === null ? login : { ...login, silentTimeoutAt: silent } } });
  }

  dispose(): void {
    this.#unfollow();
  }

  #unfollow(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#follower?.dispose();
    this.#follower = null;
    this.#followed = "";
  }

  #line(line: StampedLine): void {
    this.#log.feed(line.raw);
    if (this.#shared.onLog !== undefined) {
      const at = line.stamp === "" ? null : dockerTime(line.stamp);
      const text = line.stamp === "" ? line.raw : line.raw.slice(line.stamp.length + 1);
      this.#shared.onLog(this.target.id, { at: at === null ? null : at - this.#shared.skew(), text, source: line.source });
    }
    this.#cancel ??= this.#shared.clock.after(COALESCE_MS, () => {
      this.#cancel = null;
      this.publishLogin();
    });
  }
}

/**
 * Where the log of a run begins. Docker notes the start after the program has begun, so that its first lines may be older than StartedAt (seen on
 * 20.10); the end of the run before bounds it. @returns milliseconds since the epoch by the server's clock
 */
export function beginningOf(startedAt: number, finishedAt: number | null): number {
  const early = startedAt - FIRST_LINES_MS;
  return finishedAt !== null && finishedAt < startedAt ? Math.max(early, finishedAt + 1) : early;
}
