import { CHAIN_LIGHTS, type LightName, type LightState } from "../../../shared/words.ts";
import { PHASE_WORDS } from "./causes/login.ts";
import type { ApiFailureKind } from "./evidence.ts";
import type { LightVerdict } from "./finding.ts";
import { lineQuietMs } from "./line.ts";
import { isPassing, isStoppedForOthers, type Look, mcpGrace, QUEUE_FULL, SILENT_ANSWER_MS } from "./look.ts";
import { coarse, duration, list, plural, redact } from "./text.ts";

/** What each light shows by its own evidence. Causes are laid over it afterwards. */

type Blocked = { readonly light: LightName; readonly verdict: LightVerdict } | null;
const light = (state: LightState, word: string, detail: string, latencyMs?: number | null): LightVerdict =>
  latencyMs === undefined || latencyMs === null || !Number.isFinite(latencyMs) ? { state, word, detail } : { state, word, detail, latencyMs };

/** Nothing is known of this light itself: it waits for, or is hidden by, the one before it. */
function behind(blocked: Blocked, otherwise: string): LightVerdict {
  if (blocked === null) return light("unknown", "not known", otherwise);
  const why = `${blocked.light}: ${blocked.verdict.word}`;
  return blocked.verdict.state === "connecting"
    ? light("connecting", "waiting", `Waits for the link before it (${why}).`)
    : light("unknown", "not reached", `Not known because of the link before it (${why}).`);
}

/** They end with the container. */
const OF_THE_CONTAINER: readonly LightName[] = ["container", "login", "relay", "socket", "screen"];

export function baseLights(look: Look): Record<LightName, LightVerdict> {
  const makers: Record<LightName, (look: Look, blocked: Blocked) => LightVerdict> = {
    server,
    container,
    login,
    relay,
    socket,
    api,
    broker,
    account,
    screen,
    mcp,
  };
  const out = {} as Record<LightName, LightVerdict>;
  let blocked: Blocked = null;
  for (const name of CHAIN_LIGHTS) {
    const verdict = makers[name](look, blocked);
    out[name] = verdict;
    if (blocked === null && verdict.state !== "up" && verdict.state !== "off" && verdict.state !== "degraded") blocked = { light: name, verdict };
  }
  const ground = ["server", "container"].find((name) => blocked?.light === name) === undefined ? null : blocked;
  // Where Docker tells nothing of the container, a screen that answers is known all the same.
  out.screen = screen(look, ground?.light === "container" && look.container === null && look.screen?.kind === "answers" ? null : ground);
  out.mcp = mcp(look, ground?.light === "server" ? ground : null);
  if (isStoppedForOthers(look)) for (const name of OF_THE_CONTAINER) out[name] = light("off", "stopped", "Stopped while the account is left to others.");
  return out;
}

const server = (look: Look): LightVerdict => serverLight(look.evidence.server, look.now);

/** The link alone, whatever hangs behind it. */
export function serverLight(server: Look["evidence"]["server"], now: number): LightVerdict {
  const { host, reach, line } = server;
  const link = server.link.value;
  switch (link.kind) {
    case "up": {
      const quiet = lineQuietMs(server, now);
      if (quiet !== null) return light("connecting", "no answer", `The SSH connection is open, but nothing has come through it for ${duration(quiet)}.`);
      if (reach === "local") return light("up", "this machine", "The gateway runs on this machine.");
      return light("up", "connected", `SSH to ${host} is up.`, link.latencyMs);
    }
    case "connecting":
      return line.lastFailure === null
        ? light("connecting", "connecting", `Connecting to ${host}.`)
        : light("down", "retrying", `Attempt ${link.attempt} to reach ${host} is under way.`);
    case "needs-user":
      return light("needs-you", "asks you", redact(link.failure.message));
    case "waiting":
      return light("down", "unreachable", redact(link.failure.message));
    case "failed":
      return light("down", "failed", redact(link.failure.message));
    case "off":
      return light("unknown", "not started", "The connection has not been started.");
  }
}

function container(look: Look, blocked: Blocked): LightVerdict {
  const found = look.container;
  if (found?.kind === "missing") return light("down", "missing", `There is no container named ${look.evidence.gateway.container}.`);
  if (found === null) {
    if (look.answering) return light("up", "running", "The API answers; Docker was not asked lately.");
    return behind(blocked, "Docker has not told about the container yet.");
  }
  const name = found.name;
  switch (found.status) {
    case "running": {
      const up = look.uptimeMs === null ? "running" : `up ${duration(look.uptimeMs)}`;
      return light("up", up, `${name} runs image ${redact(found.image)}.`);
    }
    case "restarting":
    case "created":
      return light("connecting", found.status === "restarting" ? "restarting" : "not started", `${name} is ${found.status}.`);
    default:
      return light("down", found.status, `${name} is ${found.status}.`);
  }
}

function login(look: Look, blocked: Blocked): LightVerdict {
  const fact = look.login;
  const session = look.api?.kind === "ready" ? look.api.since : null;
  const contradicted = fact !== null && !look.loggedIn && fact.phase !== "none" && fact.phaseAt !== null && session !== null && fact.phaseAt > session;
  if (look.answering && !contradicted)
    return light("up", "logged in", look.loggedIn ? "The log says logged in, and the API answers." : "The API answers, which takes a log-in.");
  if (blocked !== null) return behind(blocked, "");
  if (fact === null) return light("unknown", "log unread", "The container's log has not been read yet.");
  const since = fact.phaseAt === null ? "" : ` for ${duration(look.now - fact.phaseAt)}`;
  const detail = `The log is at “${PHASE_WORDS[fact.phase]}”${since}.`;
  if (look.loggedIn) return light("up", "logged in", detail);
  if (fact.phase === "ended" || fact.phase === "paused") return light(fact.exit?.willRestart === true ? "connecting" : "down", PHASE_WORDS[fact.phase], detail);
  if (fact.phase === "none" && (fact.truncated || look.apiListeners.length > 0))
    return light("unknown", "not in log", "The part of the log that would tell is gone.");
  return light("connecting", PHASE_WORDS[fact.phase], detail);
}

function relay(look: Look, blocked: Blocked): LightVerdict {
  const { ports } = look.evidence.gateway;
  const through = look.route?.api?.through ?? "unknown";
  const arrow = `${ports.relay}→${ports.api}`;
  if (look.answering && through === "relay") return light("up", arrow, "The API answers through the relay.");
  if (look.sockets === null) {
    if (look.answering) return light("off", "not used", "The API is reached without the relay, or its ports were not looked at.");
    return behind(blocked, "The socket table has not been read yet.");
  }
  if (look.relayListening) return light("up", arrow, `socat listens on ${ports.relay}; ${plural(look.sockets.relayClients, "program")} connected.`);
  if (look.answering) return light("off", "not used", `Nothing listens on relay port ${ports.relay}; the API is reached without it.`);
  if (through === "direct" && look.login?.relay == null) return light("off", "not used", "The API is reached without the relay.");
  const young = (look.uptimeMs ?? 0) < 30_000 || !look.loggedIn;
  return young
    ? light("connecting", "not yet", `Nothing listens on relay port ${ports.relay} yet.`)
    : light("down", "not listening", `Nothing listens on relay port ${ports.relay}.`);
}

function socket(look: Look, blocked: Blocked): LightVerdict {
  const { ports } = look.evidence.gateway;
  const count = `${look.queue}/${QUEUE_FULL}`;
  if (look.queueStuck) return light("down", count, `${plural(look.queue, "connection")} in the accept queue of ${ports.api}.`);
  if (look.answering)
    return light("up", "listening", look.queue > 0 ? `One look saw ${look.queue} in the accept queue of ${ports.api}.` : `API port ${ports.api} is open.`);
  if (look.sockets === null) return behind(blocked, "The socket table has not been read yet.");
  if (look.queue > 0) return light("connecting", count, `${plural(look.queue, "connection")} in the accept queue of ${ports.api}, seen once.`);
  if (look.apiListeners.length > 0) return light("up", "listening", `API port ${ports.api} listens; its accept queue is empty.`);
  if (!look.loggedIn) return behind(blocked, `Nothing listens on API port ${ports.api}.`);
  const young = (look.loggedInForMs ?? Number.POSITIVE_INFINITY) < 60_000;
  return young
    ? light("connecting", "not yet", `Nothing listens on API port ${ports.api} yet.`)
    : light("down", "not listening", `Nothing listens on API port ${ports.api}.`);
}

const FAILURE_WORDS: Readonly<Record<ApiFailureKind, string>> = {
  "dial-refused": "refused",
  "dial-forbidden": "forbidden",
  "dial-timeout": "no connect",
  "dial-failed": "no connect",
  "closed-at-once": "closed at once",
  "closed-late": "closed late",
  silent: "silent",
  "wrong-service": "wrong service",
  "closed-after-start": "rejected",
  "client-id-in-use": "id in use",
  "start-unanswered": "half open",
  "bad-frame": "garbled",
  "unsupported-version": "version",
  "went-silent": "silent",
  closed: "closed",
  "link-lost": "link lost",
  "port-changed": "port changed",
};

function api(look: Look, blocked: Blocked): LightVerdict {
  const fact = look.api;
  if (look.answering && fact?.kind === "ready") return light("up", "answers", `Version ${fact.serverVersion}, client id ${fact.clientId}.`, fact.roundTripMs);
  if (!look.linkUp || fact === null) return behind(blocked, "The API has not been tried yet.");
  if (fact.kind === "ready") {
    const age = look.answerAgeMs ?? 0;
    return age > SILENT_ANSWER_MS ? light("down", "silent", `No answer for ${duration(age)}.`) : light("connecting", "slow", "The heartbeat's answer is late.");
  }
  if (fact.kind === "idle" && (fact.reason === "released" || fact.reason === "off"))
    return light("off", fact.reason, fact.reason === "released" ? "Gatelight has left the API to others." : "The API session is switched off.");
  if (fact.kind === "idle" && fact.reason === "parked") return light("connecting", "repair", "The API session is parked during a repair.");
  if (fact.kind === "idle" && fact.reason === "asleep")
    return light("connecting", "asleep", "The API session was closed because this computer goes to sleep; it comes back when it wakes.");
  // Where nothing runs, an attempt that failed is no news.
  if (blocked !== null && (blocked.light === "server" || blocked.light === "container") && look.running === null && look.container !== null)
    return behind(blocked, "");
  const failure = look.failure;
  const passing = isPassing(look);
  if (failure !== null && !passing && blocked?.verdict.state !== "connecting") return light("down", FAILURE_WORDS[failure.kind], redact(failure.detail));
  if (failure !== null && passing) return light("connecting", "reconnecting", redact(failure.detail));
  if (fact.kind === "opening") return light("connecting", "connecting", `Opening a session (${fact.step}).`);
  if (blocked !== null) return behind(blocked, "");
  if (fact.reason === "queue-not-empty") return light("connecting", "not tried", "Not tried while connections wait in the accept queue.");
  return fact.reason === "hourly-limit"
    ? light("unknown", "not tried", usedUp(fact.until, look.now))
    : light("connecting", "waiting", `Not tried yet (${fact.reason}).`);
}

/** Clients that come and go wedge a gateway, so its dials are counted, over restarts too. */
function usedUp(until: number | null, now: number): string {
  const next = until === null || until <= now ? "soon" : `in ${coarse(until - now)}`;
  return `Not tried: this hour's attempts are used up (each start of Gatelight counts). The next follows ${next}; one is kept for a person who asks.`;
}

function broker(look: Look, blocked: Blocked): LightVerdict {
  const fact = look.broker;
  if (look.api?.kind === "idle" && (look.api.reason === "released" || look.api.reason === "off"))
    return light("off", "not watched", "Known only while the API session is open.");
  if (!look.answering || look.api?.kind !== "ready") return behind(blocked, "Known only while the API answers.");
  if (fact?.line === "down") return light("down", "IBKR lost", `The gateway's line to IBKR is down${fact.code === null ? "" : ` (${fact.code})`}.`);
  if (fact?.line === "up") {
    const idle = fact.farms.filter((farm) => farm.state === "inactive").length;
    return light("up", "connected", `The line to IBKR is up${idle > 0 ? `; ${plural(idle, "farm")} idle until needed` : ""}.`);
  }
  const lines = look.sockets?.brokerLines ?? null;
  if (lines !== null && lines > 0) return light("up", "line open", `${plural(lines, "connection")} to IBKR.`);
  if (look.account?.completeAt != null) return light("up", "connected", "Account data came through.");
  return look.now - look.api.since < 30_000
    ? light("connecting", "checking", "No word of the line to IBKR yet.")
    : light("unknown", "no word", "The gateway has said nothing of its line to IBKR.");
}

function account(look: Look, blocked: Blocked): LightVerdict {
  const fact = look.account;
  if (look.api?.kind === "idle" && (look.api.reason === "released" || look.api.reason === "off"))
    return light("off", "not watched", "Known only while the API session is open.");
  if (!look.answering) return behind(blocked, "Known only while the API answers.");
  if (fact === null) return light("connecting", "loading", "Account data has not been asked for yet.");
  const count = plural(fact.accounts.length, "account");
  if (fact.completeAt === null) return light("connecting", "loading", `Account data of ${count} is being loaded.`);
  if (blocked !== null) return light("unknown", "may be old", `Not fresh while the link before it is not up (${blocked.light}: ${blocked.verdict.word}).`);
  return light("up", "fresh", `${count}; last change ${duration(look.now - (fact.lastUpdateAt ?? fact.completeAt))} ago.`);
}

function screen(look: Look, ground: Blocked): LightVerdict {
  if (ground !== null) return behind(ground, "");
  const fact = look.screen;
  if (fact === null) return light("unknown", "not known", "The screen has not been looked at yet.");
  switch (fact.kind) {
    case "answers":
      return light("up", "ready", fact.version === "" ? "The screen answers." : `The screen answers (RFB ${redact(fact.version)}).`);
    case "listens":
      return light("up", "listens", redact(fact.detail));
    case "no-route":
      return light("unknown", "no way", redact(fact.detail));
    default:
      return (look.uptimeMs ?? Number.POSITIVE_INFINITY) < 30_000
        ? light("connecting", "not yet", "The screen server is starting.")
        : light("down", fact.kind === "wrong-service" ? "wrong service" : fact.kind, redact(fact.detail));
  }
}

function mcp(look: Look, ground: Blocked): LightVerdict {
  if (look.evidence.gateway.mcp === null) return light("off", "not set up", "No MCP server is named in the settings.");
  if (ground !== null) return behind(ground, "");
  const fact = look.mcp;
  if (fact === null) return light("unknown", "not known", "The MCP server has not been looked at yet.");
  if (fact.http === "no-route") return light("unknown", "no way", redact(fact.detail));
  // Silence is no sign of a start: what starts refuses, or answers that it misses the gateway.
  const young = mcpGrace(look) && fact.http !== "timeout";
  if (fact.http !== "ok") return light(young ? "connecting" : "down", fact.http, redact(fact.detail));
  // Two questions are out by now; what is only slow is over before it is confirmed.
  if (fact.waitingSince !== null) return light("down", "silent", `Its answer has been owing for ${duration(look.now - fact.waitingSince)}.`);
  const status = fact.health?.status ?? null;
  if (status === null || status === "healthy") return light("up", status ?? "answers", "Its HTTP port answers.");
  if (look.answering) return light(young ? "connecting" : "degraded", status === "other" ? "not healthy" : status, "It answers, but reports trouble.");
  return light("unknown", "gateway away", "It answers, and misses the gateway; of itself it says no more.");
}

/** The relay log's reading for evidence lines: what listens in the container. */
export function listeningPorts(look: Look): string {
  const ports = [...new Set((look.sockets?.listeners ?? []).map((row) => row.port))].sort((a, b) => a - b);
  return ports.length === 0 ? "none" : list(ports.slice(0, 12).map(String));
}
