import { maskAccounts } from "../../../shared/account-numbers.ts";
import type { AccountSnapshot, FindingSnapshot, GatewaySnapshot, LightSnapshot, ServerSnapshot, Snapshot } from "../../../shared/snapshot.ts";
import { LIGHTS, type LightName, type LightState } from "../../../shared/words.ts";
import type { DoctorReport } from "./report-schema.ts";

const iso = (at: number) => new Date(at).toISOString().replace(/\.000Z$/, "Z");

/**
 * Exactly the object that `doctor --json` promises, version 1. Under `privacy.maskAmounts` account numbers keep their letters and
 * last two digits, and amounts are left out.
 * @param now ms since the epoch
 */
export function reportJson(snapshot: Snapshot, now: number): DoctorReport {
  const masked = snapshot.privacy.maskAmounts;
  const say = (text: string) => (masked ? maskAccounts(text) : text);
  return { version: 1, at: iso(now), light: snapshot.light, servers: snapshot.servers.map((server) => serverJson(server, masked, say)) };
}

function serverJson(server: ServerSnapshot, masked: boolean, say: (text: string) => string): DoctorReport["servers"][number] {
  return { id: server.id, light: server.light, gateways: server.gateways.map((gateway) => gatewayJson(gateway, masked, say)) };
}

function gatewayJson(gateway: GatewaySnapshot, masked: boolean, say: (text: string) => string): DoctorReport["servers"][number]["gateways"][number] {
  const finding = (value: FindingSnapshot) => ({
    id: value.id,
    title: say(value.title),
    because: value.because.map(say),
    confidence: value.confidence,
  });
  return {
    id: gateway.id,
    mode: gateway.mode,
    light: gateway.light,
    lights: lightsJson(gateway.lights, say),
    cause: gateway.cause === null ? null : finding(gateway.cause),
    others: gateway.others.map(finding),
    repairs: gateway.repairs.map((repair) => ({ id: repair.id, title: repair.title, price: { ...repair.price } })),
    accounts: gateway.accounts.map((account) => accountJson(account, masked)),
    evidence: Object.fromEntries(gateway.evidence.map((line) => [line.label, { value: say(line.value), at: line.at === null ? null : iso(line.at) }] as const)),
  };
}

function lightsJson(lights: Readonly<Record<LightName, LightSnapshot>>, say: (text: string) => string) {
  const one = (light: LightSnapshot) => ({
    state: light.state,
    word: say(light.word),
    detail: say(light.detail),
    ...(light.latencyMs === undefined ? {} : { latencyMs: light.latencyMs }),
    since: iso(light.since),
  });
  const all = LIGHTS.map((name) => [name, one(lights[name])] as const);
  return Object.fromEntries(all) as Record<LightName, ReturnType<typeof one>>;
}

function accountJson(account: AccountSnapshot, masked: boolean) {
  const figure = account.figures.NetLiquidation;
  return {
    id: masked ? maskAccounts(account.id) : account.id,
    netLiquidation: masked || figure === undefined ? null : { value: figure.value, currency: figure.currency },
  };
}

/** 0 all up · 1 something is down, degraded or not known · 3 a person is needed. */
export function exitCode(light: LightState): 0 | 1 | 3 {
  if (light === "needs-you") return 3;
  return light === "up" || light === "off" ? 0 : 1;
}
