import { maskAccounts } from "../../../shared/account-numbers.ts";
import type { GatewaySnapshot, LightSnapshot, ServerSnapshot, Snapshot } from "../../../shared/snapshot.ts";
import { LIGHTS, type LightState } from "../../../shared/words.ts";

/** PASS: fine; WARN: not certain or not for good; FAIL: broken or waiting for a person; "-": switched off. */
export type Verdict = "PASS" | "WARN" | "FAIL" | "-";
const VERDICTS: Readonly<Record<LightState, Verdict>> = {
  up: "PASS",
  connecting: "WARN",
  degraded: "WARN",
  unknown: "WARN",
  down: "FAIL",
  "needs-you": "FAIL",
  off: "-",
};

export function verdictOf(state: LightState): Verdict {
  return VERDICTS[state];
}

/** The list that `doctor` prints: one line a light, then the cause, why, and the ways out. Never an amount. */
export function doctorText(snapshot: Snapshot): string {
  const lines = snapshot.servers.flatMap(serverLines);
  if (lines.length === 0) lines.push("No server is set up.");
  const text = `${lines.join("\n")}\n`;
  return snapshot.privacy.maskAmounts ? maskAccounts(text) : text;
}

function serverLines(server: ServerSnapshot): string[] {
  const title = server.name === server.host ? server.name : `${server.name} (${server.host})`;
  const own = server.gateways.length === 0 ? [lightLine("server", server.link), lightLine("docker", server.docker)] : [];
  return [`${title}: ${server.light}`, ...own, ...server.gateways.flatMap(gatewayLines)];
}

function lightLine(name: string, light: LightSnapshot): string {
  const latency = light.latencyMs === undefined ? "" : ` (${Math.round(light.latencyMs)} ms)`;
  const detail = light.detail === "" || light.detail === light.word ? "" : `: ${light.detail}`;
  return `    ${VERDICTS[light.state].padEnd(4)}  ${name.padEnd(10)} ${light.word}${latency}${detail}`;
}

function gatewayLines(gateway: GatewaySnapshot): string[] {
  const lines = [
    "",
    `  ${gateway.name} (${gateway.mode}): ${gateway.light}. ${gateway.sentence}`,
    ...LIGHTS.map((name) => lightLine(name, gateway.lights[name])),
  ];
  if (gateway.cause !== null) {
    lines.push(`    Cause: ${gateway.cause.title} [${gateway.cause.id}, ${gateway.cause.confidence}]`);
    lines.push(...gateway.cause.because.map((reason) => `      because ${reason}`));
    if (gateway.cause.decides !== null) lines.push(`      to decide: ${gateway.cause.decides}`);
  }
  for (const other of gateway.others)
    lines.push(`    Or: ${other.title} [${other.id}, ${other.confidence}]`, ...other.because.map((reason) => `      because ${reason}`));
  const open = gateway.repairs.filter((repair) => repair.refused === null);
  if (open.length > 0) lines.push("    Ways out:", ...open.map((repair) => `      ${repair.title} [${repair.id}]${priceText(repair.price)}`));
  if (gateway.excused !== null) lines.push(`    Excused: ${gateway.excused.reason}`);
  return lines;
}

/** What a repair costs, in words; "" where it costs nothing. */
export function priceText(price: { readonly secondFactor: boolean; readonly losesUiSettings: boolean; readonly downtimeSeconds: number }): string {
  const parts = [
    price.downtimeSeconds > 0 ? `about ${price.downtimeSeconds} s down` : "",
    price.secondFactor ? "asks for the second factor" : "",
    price.losesUiSettings ? "loses unsaved settings" : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}
