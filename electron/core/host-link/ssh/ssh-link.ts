import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { SshReach } from "../../../../shared/settings.ts";
import { type Clock, systemClock } from "../../clock.ts";
import { BackOff } from "../../net/back-off.ts";
import { watchClockJumps } from "../../net/clock-jump.ts";
import { watchNetwork } from "../../net/network-watch.ts";
import { joinWakes, type WakeWatch } from "../../net/wake-watch.ts";
import type { PromptBroker } from "../../prompts.ts";
import type { SecretStore } from "../../secrets/secret-store.ts";
import type { CallOptions, ExecOptions, ExecResult, HostAddress, HostLink, LineStream, LinkFailure, LinkState, StreamOptions } from "../host-link.ts";
import { connectRoute, type RouteConnection, type RouteResult } from "./connect-route.ts";
import { KeyRing } from "./key-ring.ts";
import { LinkQuestions } from "./link-questions.ts";
import { Liveness } from "./liveness.ts";
import { execLinkDown, linkDown } from "./open-channel.ts";
import { type ResolveEnvironment, resolveRoute, SshConfigError, systemEnvironment } from "./resolve-route.ts";
import { SshChannels } from "./ssh-channels.ts";
import { hopLabel, type SshHop, type SshRoute } from "./ssh-hop.ts";

export interface SshLinkOptions {
  /** The server's id in the settings; names its prompts and secrets. */
  readonly server: string;
  readonly reach: SshReach;
  readonly prompts: PromptBroker;
  readonly secrets: SecretStore;
  /** Gatelight's own known_hosts is kept there. */
  readonly dataDir: string;
  /** From GATELIGHT_SSH_PASSWORD and GATELIGHT_SSH_PASSPHRASE. */
  readonly credentials?: { readonly password?: string; readonly passphrase?: string };
  readonly environment?: ResolveEnvironment;
  readonly clock?: Clock;
  /** A random number in [0, 1) for jitter. */
  readonly random?: () => number;
  /** Sleep and network changes; `null`: none is watched. Default: both are. */
  readonly wakes?: WakeWatch | null;
}

const FIRST_BACK_OFF_MS = 1_000;
const MAX_BACK_OFF_MS = 30_000;
const STABLE_MS = 60_000;
/** How long a fresh ping may take after this computer woke up or changed its network. */
const DOUBT_MS = 4_000;

export function createSshLink(options: SshLinkOptions): HostLink {
  return new SshLink(options);
}

interface Up {
  readonly connection: RouteConnection;
  readonly channels: SshChannels;
  readonly liveness: Liveness;
  /** Ends it, with what the state shall say. */
  readonly drop: (failure: LinkFailure) => void;
}

class SshLink implements HostLink {
  readonly kind = "ssh";
  readonly #options: SshLinkOptions;
  readonly #clock: Clock;
  readonly #ring = new KeyRing();
  readonly #questions: LinkQuestions;
  readonly #ownKnownHosts: string;
  readonly #backOff: BackOff;
  readonly #wakes: WakeWatch | null;
  readonly #listeners = new Set<(state: LinkState) => void>();
  #state: LinkState = { kind: "off" };
  #up: Up | null = null;
  #running: Promise<void> | null = null;
  #life = new AbortController();
  /** Aborts the attempt, the wait or the question under way, so that the loop begins anew. */
  #step = new AbortController();
  #endWakes = () => {};
  #endDoubt = () => {};
  /** A question of the server that is still on the screen, perhaps longer than the connection it came through. */
  #question: Promise<readonly string[] | null> | null = null;

  constructor(options: SshLinkOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#ownKnownHosts = join(options.dataDir, "known_hosts");
    this.#backOff = new BackOff({ random: options.random ?? Math.random, firstMs: FIRST_BACK_OFF_MS, maxMs: MAX_BACK_OFF_MS });
    this.#wakes = options.wakes === undefined ? joinWakes([watchClockJumps(this.#clock), watchNetwork(this.#clock)]) : options.wakes;
    this.#questions = new LinkQuestions({
      server: options.server,
      prompts: options.prompts,
      secrets: options.secrets,
      ring: this.#ring,
      ownKnownHosts: this.#ownKnownHosts,
      credentials: options.credentials ?? {},
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#running !== null || this.#life.signal.aborted) return;
    this.#endWakes = this.#wakes?.onWake((reason) => this.reconnectNow(reason, { byItself: true })) ?? (() => {});
    this.#running = this.#run();
  }

  reconnectNow(reason: string, options: { force?: boolean; byItself?: boolean } = {}): void {
    const waitsForPerson = this.#state.kind === "failed" || this.#state.kind === "needs-user";
    if (this.#running === null || (waitsForPerson && options.byItself)) return;
    this.#backOff.reset();
    if (this.#up !== null) {
      if (options.force) {
        this.#up.drop({ reason: "lost", stage: "alive", message: `The connection was renewed: ${reason}.` });
        this.#step.abort();
      } else this.#doubt(this.#up);
      return;
    }
    // An attempt that is already under way goes on, unless the network it began on is gone; a question stays on the screen.
    if (this.#state.kind === "needs-user" || (this.#state.kind === "connecting" && !options.byItself && !options.force)) return;
    this.#step.abort();
  }

  hurry(): () => void {
    const endOf = new Map<Up, () => void>();
    if (this.#up !== null) endOf.set(this.#up, this.#up.liveness.hurry());
    const stop = this.onState(() => {
      if (this.#up !== null && !endOf.has(this.#up)) endOf.set(this.#up, this.#up.liveness.hurry());
    });
    let done = false;
    return () => {
      if (done) return;
      done = true;
      stop();
      for (const end of endOf.values()) end();
    };
  }

  get quietSince(): number | null {
    return this.#up?.liveness.quietSince ?? null;
  }

  ping(): void {
    this.#up?.liveness.ping();
  }

  async dial(address: HostAddress, options: CallOptions): Promise<Duplex> {
    if (this.#up === null) throw linkDown(`${address.host}:${address.port}`);
    return this.#up.channels.dial(address, options);
  }

  async exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    if (this.#up === null) throw execLinkDown(argv[0] ?? "");
    return this.#up.channels.exec(argv, options);
  }

  async stream(argv: readonly string[], options: StreamOptions): Promise<LineStream> {
    if (this.#up === null) throw execLinkDown(argv[0] ?? "");
    return this.#up.channels.stream(argv, options);
  }

  async dispose(): Promise<void> {
    this.#life.abort();
    this.#endWakes();
    this.#wakes?.dispose();
    this.#up?.drop({ reason: "lost", stage: "alive", message: "The connection was closed." });
    this.#step.abort();
    await this.#running;
    this.#set({ kind: "off" });
    this.#listeners.clear();
  }

  /** One turn a connection: connect, ask, wait, stay up, and again, until disposed. */
  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#life.signal.aborted) {
      this.#step = new AbortController();
      const signal = AbortSignal.any([this.#life.signal, this.#step.signal]);
      attempt += 1;
      this.#set({ kind: "connecting", attempt, since: this.#clock.now() });
      const route = await this.#resolve();
      const result = "hops" in route ? await this.#attempt(route, signal) : route;
      if (this.#life.signal.aborted) {
        if (result.kind === "up") result.connection.end();
        return;
      }
      if (result.kind === "need") {
        const failure = await this.#meet(result);
        if (failure !== null) await this.#failed(failure);
      } else if (result.kind === "up") {
        const upSince = this.#clock.now();
        const failure = await this.#stayUp(result.connection, "hops" in route ? route : { hops: [], notes: [] });
        if (this.#life.signal.aborted) return;
        attempt = 0;
        if (this.#clock.now() - upSince >= STABLE_MS) this.#backOff.reset();
        await this.#wait(failure, 1);
      } else if (result.final) {
        await this.#failed(result.failure);
        attempt = 0;
      } else if (this.#question !== null) {
        // The server's patience ended before the person's answer came; it will ask the same again.
        if ((await this.#question) === null) await this.#failed(result.failure);
      } else await this.#wait(result.failure, attempt);
    }
  }

  async #resolve(): Promise<SshRoute | (RouteResult & { kind: "failed" })> {
    try {
      return await resolveRoute(this.#options.reach, this.#options.environment ?? systemEnvironment());
    } catch (error) {
      const message = error instanceof SshConfigError ? error.message : "The SSH settings of this server could not be read.";
      return { kind: "failed", failure: { reason: "config", stage: "config", message }, final: true };
    }
  }

  #attempt(route: SshRoute, signal: AbortSignal): Promise<RouteResult> {
    this.#questions.begin(route);
    return connectRoute({
      route,
      clock: this.#clock,
      ring: this.#ring,
      ownKnownHosts: this.#ownKnownHosts,
      passwords: (hop) => this.#questions.passwords(hop),
      askKeyboard: async (hop, request, isLive) => {
        const before = this.#state;
        this.#set({ kind: "needs-user", since: this.#clock.now(), failure: keyboardFailure(hop) });
        const question = this.#questions.askKeyboard(hop, request, this.#life.signal);
        this.#question = question;
        const answers = await question;
        if (this.#question === question) this.#question = null;
        if (isLive()) {
          this.#set(before);
          this.#questions.usedKeyboard(hop, request);
        }
        return answers;
      },
      signal,
    }).catch((error: unknown) => ({
      kind: "failed",
      failure: { reason: "lost", stage: "tcp", message: `Connecting failed unexpectedly: ${error instanceof Error ? error.message : "unknown reason"}` },
      final: false,
    }));
  }

  /** @returns `null` when the next attempt may begin */
  async #meet(result: RouteResult & { kind: "need" }): Promise<LinkFailure | null> {
    if (await this.#questions.meetQuietly(result.need)) return null;
    this.#set({ kind: "needs-user", since: this.#clock.now(), failure: this.#questions.failureFor(result.need) });
    const answered = await this.#questions.ask(result.need, this.#life.signal);
    return answered.kind === "go-on" || this.#life.signal.aborted ? null : answered.failure;
  }

  async #stayUp(connection: RouteConnection, route: SshRoute): Promise<LinkFailure> {
    const channels = new SshChannels(connection, this.#clock);
    const since = this.#clock.now();
    return new Promise<LinkFailure>((resolve) => {
      let over = false;
      const drop = (failure: LinkFailure) => {
        if (over) return;
        over = true;
        this.#endDoubt();
        liveness.end();
        this.#up = null;
        channels.lose();
        connection.end();
        resolve(failure);
      };
      const silenceMs = Math.min(...route.hops.map((hop) => hop.silenceMs));
      const name = route.hops.at(-1)?.name ?? "The server";
      const liveness = new Liveness({
        client: connection.client,
        wire: connection.wire,
        clock: this.#clock,
        silenceMs,
        onDead: () => drop({ reason: "silent", stage: "alive", message: `${name} says nothing any more, not even to a fresh question.` }),
        onLatency: (ms) => this.#measured(ms),
      });
      this.#up = { connection, channels, liveness, drop };
      connection.onClose(() => drop({ reason: "lost", stage: "alive", message: `The connection to ${name} was lost.` }));
      if (over) return;
      this.#set({ kind: "up", since, latencyMs: null });
      void this.#questions.accepted(route.hops);
    });
  }

  #measured(ms: number): void {
    if (this.#state.kind !== "up") return;
    const before = this.#state.latencyMs;
    // Nothing moves on the screen unless something changed.
    if (before !== null && Math.abs(before - ms) <= Math.max(2, before / 4)) return;
    this.#set({ ...this.#state, latencyMs: ms });
  }

  /** A fresh ping decides, within seconds. */
  #doubt(up: Up): void {
    this.#endDoubt();
    const end = up.liveness.hurry();
    const cancel = this.#clock.after(DOUBT_MS, () => this.#endDoubt());
    this.#endDoubt = () => {
      this.#endDoubt = () => {};
      cancel();
      end();
    };
  }

  async #wait(failure: LinkFailure, attempt: number): Promise<void> {
    if (this.#step.signal.aborted || this.#life.signal.aborted) return;
    const delay = this.#backOff.next();
    this.#set({ kind: "waiting", until: this.#clock.now() + delay, attempt, failure });
    await this.#pause(delay);
  }

  async #failed(failure: LinkFailure): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#step = new AbortController();
    this.#set({ kind: "failed", since: this.#clock.now(), failure });
    await this.#pause(null);
  }

  /** Until the time is over, a person acts or the link ends. */
  #pause(ms: number | null): Promise<void> {
    const signal = AbortSignal.any([this.#life.signal, this.#step.signal]);
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const cancel = ms === null ? () => {} : this.#clock.after(ms, done);
      function done() {
        cancel();
        signal.removeEventListener("abort", done);
        resolve();
      }
      signal.addEventListener("abort", done, { once: true });
    });
  }

  #set(state: LinkState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

const keyboardFailure = (hop: SshHop): LinkFailure => ({
  reason: "auth-failed",
  stage: "auth",
  message: `${hopLabel(hop)} asks a question to log ${hop.user} in.`,
});
