import { maskAccounts } from "./account-numbers.ts";
import type { Settings } from "./settings.ts";
import type { GatewaySnapshot, Snapshot } from "./snapshot.ts";
import type { LightState } from "./words.ts";

/** A notification to show. A newer one with the same key takes the place of the older. Never an amount, never an account number. */
export interface Notice {
  readonly key: string;
  readonly title: string;
  readonly body: string;
  readonly server: string;
  readonly gateway: string | null;
  readonly urgent: boolean;
  /** What it asks for, as in `Told.asked`: once that is no longer asked, it is out of date. `null`: it tells, and stays. */
  readonly asks: string | null;
}

/** What the person has been told so far. */
export interface Told {
  readonly gateways: Readonly<Record<string, GatewayTold>>;
  /** Prompts, second factors and notices that were announced and are still there. */
  readonly asked: readonly string[];
}
interface GatewayTold {
  /** The mood the person knows of; at first `good`: a fault at the start is told, "all well" is not. */
  readonly told: Mood;
  readonly mood: Mood;
  readonly since: number;
}
/** `between`: on its way or not known; says nothing for either side. */
type Mood = "good" | "poor" | "bad" | "between";
const MOODS: Readonly<Record<LightState, Mood>> = {
  up: "good",
  degraded: "poor",
  down: "bad",
  "needs-you": "bad",
  connecting: "between",
  unknown: "between",
  off: "between",
};

export const NOTHING_TOLD: Told = { gateways: {}, asked: [] };

export interface NotifyContext {
  /** ms since the epoch */
  readonly now: number;
  readonly notify: Settings["notify"];
  /** The person looks at the window: nothing needs telling, all counts as told. */
  readonly windowVisible: boolean;
  /** Changes that began before are counted from here (after sleep, at unlock); 0: none. */
  readonly graceUntil: number;
}
export interface Decision {
  readonly told: Told;
  readonly notices: readonly Notice[];
  /** When to decide again even if nothing changes; `null`: not before a change. */
  readonly nextAt: number | null;
}

/**
 * Which notifications are due. Pure: called at each change and at `nextAt`. Only changes that lasted `afterSeconds` are told, one a
 * gateway, with the cause and the first way out; a second factor and questions at once; nothing in excused windows.
 */
export function decideNotifications(before: Told, snapshot: Snapshot, context: NotifyContext): Decision {
  const notices: Notice[] = [];
  const gateways: Record<string, GatewayTold> = {};
  const asked: string[] = [];
  let nextAt: number | null = null;
  const later = (at: number) => {
    nextAt = nextAt === null ? at : Math.min(nextAt, at);
  };
  const silent = context.windowVisible || context.notify.mute;

  for (const prompt of snapshot.prompts) {
    const key = `prompt/${prompt.key}`;
    asked.push(key);
    if (before.asked.includes(key) || silent) continue;
    notices.push({ key, title: "Gatelight needs you", body: clean(prompt.title), server: prompt.server, gateway: prompt.gateway, urgent: true, asks: key });
  }
  for (const { id, at, title, detail, tell } of snapshot.notices) {
    if (tell === undefined) continue;
    const key = `notice/${id}/${at}`;
    asked.push(key);
    if (before.asked.includes(key) || silent) continue;
    notices.push({ key: `notice/${id}`, title: clean(title), body: clean(detail), ...tell, urgent: true, asks: key });
  }
  for (const server of snapshot.servers) {
    for (const gateway of server.gateways) {
      const key = `${server.id}/${gateway.id}`;
      const place = { key, server: server.id, gateway: gateway.id };
      const factor = secondFactor(gateway);
      if (factor !== null) {
        const asks = `factor/${key}`;
        asked.push(asks);
        if (!before.asked.includes(asks) && !silent) notices.push({ ...place, ...factorText(gateway, factor, context.now), urgent: true, asks });
      }
      const step = judge(before.gateways[key], gateway, context, factor !== null, silent);
      gateways[key] = step.told;
      if (step.dueAt !== null && step.dueAt > context.now) later(step.dueAt);
      if (step.tell) notices.push({ ...place, ...moodText(gateway, step.told.mood), urgent: false, asks: null });
    }
  }
  return { told: { gateways, asked }, notices, nextAt };
}

function judge(
  old: GatewayTold | undefined,
  gateway: GatewaySnapshot,
  context: NotifyContext,
  factor: boolean,
  silent: boolean,
): { told: GatewayTold; tell: boolean; dueAt: number | null } {
  const now = context.now;
  const mood = MOODS[gateway.light];
  const since = old === undefined || old.mood !== mood ? now : old.since;
  const known = old?.told ?? "good";
  const keep = (told: Mood) => ({ told, mood, since });
  // The second factor has its own, immediate notice.
  if (mood === "between" || factor) return { told: keep(known), tell: false, dueAt: null };
  if (mood === known) return { told: keep(known), tell: false, dueAt: null };
  if (context.windowVisible) return { told: keep(mood), tell: false, dueAt: null };
  if (silent) return { told: keep(known), tell: false, dueAt: null };
  if (gateway.run?.outcome === "running") return { told: keep(known), tell: false, dueAt: null };
  if (mood !== "good" && gateway.excused !== null && now < gateway.excused.until) return { told: keep(known), tell: false, dueAt: gateway.excused.until };
  const dueAt = Math.max(since + context.notify.afterSeconds * 1000, context.graceUntil);
  if (now < dueAt) return { told: keep(known), tell: false, dueAt };
  return { told: keep(mood), tell: true, dueAt: null };
}

/** Until when it can be approved; `undefined` where that is not known; `null`: none is asked for. */
function secondFactor(gateway: GatewaySnapshot): number | undefined | null {
  if (gateway.run?.outcome === "running" && gateway.run.secondFactorUntil !== null) return gateway.run.secondFactorUntil;
  return gateway.cause?.id === "second-factor-pending" ? (gateway.cause.endsAt ?? undefined) : null;
}

function factorText(gateway: GatewaySnapshot, until: number | undefined, now: number): { title: string; body: string } {
  const left = until === undefined ? null : Math.max(0, Math.round((until - now) / 1000));
  const time = left === null ? "" : ` within ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  return { title: `${clean(gateway.name)} asks for the second factor`, body: `Approve the log-in on your phone${time}.` };
}

function moodText(gateway: GatewaySnapshot, mood: Mood): { title: string; body: string } {
  const name = clean(gateway.name);
  if (mood === "good") return { title: `${name} can be used again`, body: clean(gateway.sentence) };
  const out = gateway.repairs.find((repair) => repair.refused === null);
  const why = clean(gateway.cause?.title ?? gateway.sentence);
  return {
    title: mood === "bad" ? `${name} cannot be used` : `${name} is degraded`,
    body: out === undefined ? why : `${why}. Way out: ${clean(out.title)}`,
  };
}

const clean = (text: string) => maskAccounts(text).replace(/\s+/g, " ").trim().replace(/\.$/, "");
