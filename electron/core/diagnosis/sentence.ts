import { CHAIN_LIGHTS, type LightName, type LightState } from "../../../shared/words.ts";
import type { GatewayTarget } from "./evidence.ts";
import type { Finding, LightVerdict } from "./finding.ts";
import { afterColon, coarse } from "./text.ts";

/** The verdict in one sentence, for the top of the window, the tray and notifications. Never an amount, never an account number. */
export function sentenceOf(
  gateway: Pick<GatewayTarget, "name">,
  light: LightState,
  cause: Finding | null,
  excused: { readonly reason: string; readonly until: number } | null,
  lights: Readonly<Record<LightName, LightVerdict>>,
  now: number,
): string {
  const name = gateway.name;
  const why = cause === null ? null : afterColon(cause.title);
  if (excused !== null) return `${name} waits for IBKR: ${afterColon(excused.reason)}, over in ${coarse(excused.until - now)}.`;
  switch (light) {
    case "up":
      return `${name} can be used: the API answers and IBKR is connected.`;
    case "degraded":
      return lights.api.state === "up"
        ? `${name} can be used, but not all is well: ${why ?? firstBad(lights)}.`
        : `${name} is impaired: ${why ?? firstBad(lights)}.`;
    case "down":
      return `${name} cannot be used: ${why ?? firstBad(lights)}.`;
    case "needs-you":
      return `${name} needs you: ${why ?? firstBad(lights)}.`;
    case "connecting":
      return why === null ? `${name} is being looked at.` : `${name} is on its way: ${why}.`;
    case "off":
      return `${name} is not watched: its API session is ${lights.api.word}.`;
    case "unknown":
      return why === null ? `${name}: not known yet whether it can be used.` : `${name}: not known whether it can be used; perhaps ${why}.`;
  }
}

function firstBad(lights: Readonly<Record<LightName, LightVerdict>>): string {
  const name = CHAIN_LIGHTS.find((each) => lights[each].state !== "up" && lights[each].state !== "off");
  return name === undefined ? "no reason was seen" : `${name} – ${lights[name].word}`;
}
