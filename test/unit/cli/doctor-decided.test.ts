import { describe, expect, it } from "vitest";
import { isDecided } from "../../../electron/cli/doctor-decided.ts";
import { CATALOGUE } from "../../../electron/core/diagnosis/catalogue.ts";
import type { FindingSnapshot, GatewaySnapshot, LightSnapshot, ServerSnapshot } from "../../../shared/snapshot.ts";
import { type CauseId, type Confidence, LIGHTS, type LightName, type LightState, worst } from "../../../shared/words.ts";

const NOW = 1_795_000_000_000;
const STATES: Readonly<Record<string, LightState>> = { u: "up", c: "connecting", d: "down", g: "degraded", n: "needs-you", "?": "unknown", o: "off" };
const light = (state: LightState, since = NOW - 1_000): LightSnapshot => ({ state, word: "", detail: "", since });

const CLOCK = [{ label: "Server's clock", value: "as ours", at: NOW - 500 }];

/** One letter a light: server container login relay socket api broker account, screen mcp. */
function gateway(letters: string, cause: CauseId | null, confidence: Confidence = "certain", ageMs = 1_000): GatewaySnapshot {
  const states = [...letters.replace(" ", "")].map((letter) => STATES[letter] ?? "unknown");
  const lights = Object.fromEntries(LIGHTS.map((name, index) => [name, light(states[index] ?? "unknown", NOW - ageMs)])) as Record<LightName, LightSnapshot>;
  const finding: FindingSnapshot | null =
    cause === null ? null : { id: cause, title: CATALOGUE.find(({ id }) => id === cause)?.title ?? "", because: [], confidence, decides: null, endsAt: null };
  const session: GatewaySnapshot["session"] = { state: "opening", clientId: 901, clientIdNote: null, connectsToday: 1, nextTryAt: null, releasedUntil: null };
  const rest = { repairs: [], excused: null, accounts: [], guide: [], evidence: CLOCK, run: null, forwards: [] };
  return {
    id: "paper",
    name: "Paper",
    mode: "paper",
    container: "mcp-ib-gateway-paper",
    light: worst(states.slice(0, 8)),
    lights,
    sentence: "",
    cause: finding,
    others: [],
    session,
    ...rest,
  };
}
const server = (gateways: readonly GatewaySnapshot[], link: LightState = "up"): ServerSnapshot => ({
  id: "home",
  name: "home",
  host: "linuxserver.lan",
  reach: "ssh",
  light: link,
  link: light(link),
  docker: light("up"),
  gateways,
});

describe("doctor has its answer", () => {
  it("not before the server's clock was compared, where all is up: unless it cannot be had", () => {
    const well = { ...gateway("uuuuuuuu uu", null), evidence: [] };
    expect(isDecided([server([well])], NOW)).toBe(false);
    expect(isDecided([server([well])], NOW + 8_000)).toBe(true);
    expect(isDecided([server([{ ...gateway("ud?????? cc", "container-exited"), evidence: [] }])], NOW)).toBe(true);
  });

  it.each<[string, GatewaySnapshot, boolean]>([
    ["all is up", gateway("uuuuuuuu uu", null), true],
    ["all is up but the screen has not answered", gateway("uuuuuuuu cu", null), false],
    ["the session is being opened", gateway("uuuuuccc uu", null), false],
    ["account data is on its way", gateway("uuuuuuuc uu", null), false],
    ["MCP is down, and the API has not answered yet", gateway("uuuuuccc ud", "mcp-down"), false],
    ["the API left to others", gateway("uuuuuooo uu", null), true],
    ["wedged: what lies behind waits for it", gateway("uuuudccc uu", "accept-queue-wedge"), true],
    ["wedged, and MCP has not answered yet", gateway("uuuud??? uc", "accept-queue-wedge"), false],
    ["wedged, and MCP has been on its way for long", gateway("uuuud??? uc", "accept-queue-wedge", "certain", 9_000), true],
    ["the session is opened again and again in vain", gateway("uuuuud?? uu", "gateway-hung", "likely"), true],
    ["forwarding is forbidden: nothing beside the chain is to be heard of", gateway("duuuu??? cc", "forwarding-forbidden"), true],
    ["the container does not run", gateway("ud?????? cc", "container-exited"), true],
    ["an earlier light than the named one is still open", gateway("ucuuudcc uu", "gateway-hung"), false],
    ["booting", gateway("uucccccc cu", "booting"), true],
    ["a guess while account data is loading", gateway("uuuuuuuc uu", "account-data-silent", "possible"), false],
    ["a farm is down, account data is loading", gateway("uuuuuugc uu", "farms-down"), false],
    ["a second factor waits", gateway("uunuu??? uu", "second-factor-pending"), true],
  ])("%s", (_name, each, decided) => expect(isDecided([server([each])], NOW)).toBe(decided));

  it("not while the server is being connected to", () => expect(isDecided([server([], "connecting")], NOW)).toBe(false));
  it("only with every gateway", () => expect(isDecided([server([gateway("uuuuuuuu uu", null), gateway("uuuuuccc uu", null)])], NOW)).toBe(false));
});
