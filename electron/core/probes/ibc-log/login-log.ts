import type { LoginFact } from "../../diagnosis/evidence.ts";
import { chooseInstance } from "./dual-mode.ts";
import { followDialogs } from "./ibc-dialogs.ts";
import { IbcInstance } from "./ibc-instance.ts";
import { MILESTONES, PROBLEMS, type Rule } from "./ibc-rules.ts";
import { parseLogLine } from "./log-line.ts";

/**
 * Reads the log of a gateway's container line by line, from the container's start. Incremental and bounded: what it keeps does not grow with
 * the log. In dual mode (two gateways in one container) it follows both and tells of the one asked for.
 */
export class LoginLog {
  readonly #mode: "paper" | "live";
  #instances: IbcInstance[] = [new IbcInstance()];
  #current: IbcInstance | null = null;
  #lastLineAt: number | null = null;
  #stampSkewMs: number | null = null;
  #vnc: LoginFact["vnc"] = null;
  #gatewayVersion: string | null = null;
  #ibcVersion: string | null = null;
  /** `null` until the first line that means anything. */
  #truncated: boolean | null = null;

  constructor(mode: "paper" | "live") {
    this.#mode = mode;
  }

  /** The caller knows that the beginning is missing (a limit of lines was met). */
  markTruncated(): void {
    this.#truncated = true;
  }

  /** One line as `docker logs --timestamps` gives it; without a stamp it takes the time of the line before. Never throws. */
  feed(raw: string): void {
    const line = parseLogLine(raw);
    if (line.at !== null && line.ibcAt !== null) this.#stampSkewMs = line.ibcAt - line.at;
    const at = line.at ?? (line.ibcAt === null ? this.#lastLineAt : line.ibcAt - (this.#stampSkewMs ?? 0)) ?? 0;
    this.#lastLineAt = Math.max(at, this.#lastLineAt ?? at);
    const { text } = line;
    if (text.trim() === "" || /^[!*=]{20,}$/.test(text)) return;
    if (/^\.> Starting IBC\/IB gateway/.test(text)) this.#boot(at);
    this.#shared(text);
    const instance = chooseInstance(this.#instances, this.#current, text, () => this.#second());
    this.#current = instance;
    this.#apply(instance, at, text, line.ibc);
  }

  /** @param clockSkewMs the server's clock minus ours; every time in the answer is on our clock */
  snapshot(clockSkewMs = 0): LoginFact {
    const one = this.#instances.find((each) => each.mode === this.#mode) ?? this.#instances[0] ?? new IbcInstance();
    const ours = (at: number) => at - clockSkewMs;
    const maybe = (at: number | null) => (at === null ? null : ours(at));
    const dated = <T extends { readonly at: number }>(items: readonly T[]) => items.map((item) => ({ ...item, at: ours(item.at) }));
    return {
      phase: one.phase,
      phaseAt: maybe(one.phaseAt),
      lastLineAt: maybe(this.#lastLineAt),
      lastProgressAt: maybe(one.lastProgressAt),
      sessions: one.sessions,
      loginAttempts: one.loginAttempts,
      autorestart: one.autorestart,
      secondFactor: one.secondFactor === null ? null : { ...one.secondFactor, startedAt: ours(one.secondFactor.startedAt) },
      problems: dated(one.problems),
      earlier: dated(one.earlier),
      openDialogs: [...one.dialogs].map(([title, { at }]) => ({ title, at: ours(at) })),
      vnc: this.#vnc,
      commandServer: one.commandServer,
      apiPort: one.apiPort,
      readOnlyApi: one.readOnlyApi,
      relay: one.relay,
      relayErrors: { ...one.relayErrors, lastAt: maybe(one.relayErrors.lastAt) },
      exit: one.exit === null ? null : { ...one.exit, at: ours(one.exit.at) },
      exits: dated(one.exits),
      version: { gateway: this.#gatewayVersion, ibc: this.#ibcVersion },
      stampSkewMs: this.#stampSkewMs,
      truncated: this.#truncated ?? false,
    };
  }

  #boot(at: number): void {
    const first = new IbcInstance();
    first.enter("boot", at);
    this.#instances = [first];
    this.#current = null;
    this.#vnc = null;
    this.#truncated = false;
  }

  /** The second gateway of dual mode begins; what the boot said counts for it as well. */
  #second(): IbcInstance {
    const second = new IbcInstance();
    const first = this.#instances[0];
    if (first?.phaseAt !== null && first !== undefined) second.enter("boot", first.phaseAt);
    this.#instances = [...this.#instances, second].slice(0, 2);
    return second;
  }

  /** What belongs to the container as a whole. */
  #shared(text: string): void {
    if (/^\.> Starting VNC server/.test(text)) this.#vnc = "started";
    else if (/^\.> VNC server disabled/.test(text)) this.#vnc = "disabled";
    else if (/Timed out waiting for Xvfb socket|XOpenDisplay\(".*"\) failed/.test(text)) this.#vnc = "failed";
    this.#ibcVersion = /^(?:Starting IBC version|version:) (\d[\w.]{0,30})/.exec(text)?.[1] ?? this.#ibcVersion;
    this.#gatewayVersion = /^(?:TWS version = |\.>\s+Version: )(\d[\w.]{0,30})/.exec(text)?.[1] ?? this.#gatewayVersion;
  }

  #apply(one: IbcInstance, at: number, text: string, ibc: boolean): void {
    if (this.#relay(one, at, text)) return;
    if (one.errorTextUntil !== null && !ibc && at <= one.errorTextUntil && /password|user\s?name/i.test(text)) one.problem("wrong-password", at, text);
    const met = [...MILESTONES, ...PROBLEMS].filter((rule) => this.#try(rule, one, at, text));
    // Judged once: does the log begin where a container begins?
    if (met.length > 0) this.#truncated ??= !(one.phase === "boot" || one.phase === "ibc-start" || one.phase === "none");
    followDialogs(one, at, text);
  }

  #try(rule: Rule, one: IbcInstance, at: number, text: string): boolean {
    const match = rule.match.exec(text);
    if (match === null) return false;
    rule.apply(one, { at, text, match });
    return true;
  }

  #relay(one: IbcInstance, at: number, text: string): boolean {
    const fork = /^Forking :::(\d{1,5}) onto 0\.0\.0\.0:(\d{1,5})(?: > trading mode (\w{1,10}))?/.exec(text);
    if (fork !== null) {
      one.relay = { from: Number(fork[2]), to: Number(fork[1]), tradingMode: fork[3] ?? null };
      return true;
    }
    const error = /\bsocat\[\d+\] E .*(Connection refused|Connection timed out|timed out)/.exec(text);
    if (error === null) return false;
    const refused = error[1] === "Connection refused";
    const { relayErrors } = one;
    one.relayErrors = { refused: relayErrors.refused + (refused ? 1 : 0), timedOut: relayErrors.timedOut + (refused ? 0 : 1), lastAt: at };
    return true;
  }
}
