import { CHAIN_LIGHTS, type LightName, type LightState, SIDE_LIGHTS, worst } from "../../../shared/words.ts";

/**
 * The whole of a gateway: the worst of its chain. What stands beside the chain (screen, MCP) can at most degrade it, because the
 * gateway can be used without. `up` needs the API light itself to be up: silence of every other light is no proof.
 */
export function wholeOf(lights: Readonly<Record<LightName, { readonly state: LightState }>>): LightState {
  const chain = CHAIN_LIGHTS.map((name) => lights[name].state);
  const sides = SIDE_LIGHTS.map((name) => lights[name].state).map(
    (state): LightState => (state === "down" || state === "degraded" || state === "needs-you" ? "degraded" : "off"),
  );
  const whole = worst([...chain, ...sides]);
  return whole === "up" && lights.api.state !== "up" ? lights.api.state : whole;
}
