import type { GatewaySnapshot, LightSnapshot, ServerSnapshot } from "../../shared/snapshot.ts";
import { type CauseId, CHAIN_LIGHTS, type LightName, SIDE_LIGHTS } from "../../shared/words.ts";
import { CATALOGUE } from "../core/diagnosis/catalogue.ts";
import { CLOCK_LINE } from "../core/diagnosis/evidence-lines.ts";

/** A light beside the chain, or the server's clock, that has been on its way for longer than its deadline (ms) is waiting for something of its own. */
const SIDE_MS = 8_000;

const lightOf = (id: CauseId): LightName | null => CATALOGUE.find((cause) => cause.id === id)?.light ?? null;
const isSide = (name: LightName | null) => SIDE_LIGHTS.some((side) => side === name);
const blocks = ({ state }: LightSnapshot) => state === "down" || state === "needs-you";

/**
 * Nothing more is to be expected soon: every light has its answer, or an earlier one explains why it has none.
 * @param now ms since the epoch, by the clock of the snapshot's times
 */
export function isDecided(servers: readonly ServerSnapshot[], now: number): boolean {
  return servers.every(
    (server) => server.link.state !== "connecting" && server.gateways.every((gateway) => isGatewayDecided(gateway, now) && isClockKnown(server, gateway, now)),
  );
}

/** That all is up is not said before the server's clock was compared: it is asked for beside everything else, and may come last. */
function isClockKnown({ link }: ServerSnapshot, { light, evidence }: GatewaySnapshot, now: number): boolean {
  return light !== "up" || now - link.since >= SIDE_MS || evidence.some(({ label, at }) => label === CLOCK_LINE && at !== null);
}

function isGatewayDecided({ cause, light, lights }: GatewaySnapshot, now: number): boolean {
  const open = (name: LightName) => lights[name].state === "connecting";
  if (light === "up") return !SIDE_LIGHTS.some(open);
  if (cause === null) return light === "off";
  // A start that goes on is an answer; a guess at why something has not come yet is none.
  const underWay = light === "connecting" && cause.confidence !== "possible";
  const blockedAt = CHAIN_LIGHTS.findIndex((name) => blocks(lights[name]));
  const openAt = CHAIN_LIGHTS.findIndex(open);
  const explained = openAt === -1 || (!isSide(lightOf(cause.id)) && (underWay || (blockedAt !== -1 && blockedAt < openAt)));
  if (!explained) return false;
  // Where the server or the container is not there, nothing is to be heard of what stands beside the chain.
  const grounded = underWay || (blockedAt !== -1 && CHAIN_LIGHTS.slice(0, blockedAt + 1).every((name) => name === "server" || name === "container"));
  return grounded || SIDE_LIGHTS.every((name) => !open(name) || now - lights[name].since >= SIDE_MS);
}
