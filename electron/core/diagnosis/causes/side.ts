import { type Cause, certain, likely, possible } from "../cause.ts";
import { failed, type Look, mcpGrace, SILENT_ANSWER_MS } from "../look.ts";
import { coarse, duration, redact } from "../text.ts";

/** Beside the chain: the screen (rows 39 to 42) and the MCP server (rows 50 to 52). They never stop trading, so they only degrade. */

const noScreen = (look: Look) => {
  const kind = look.screen?.kind;
  const listens = look.sockets?.listeners.some((row) => row.port === look.evidence.gateway.ports.vnc) ?? null;
  return look.running !== null && (kind === "refused" || kind === "closed" || (kind !== "answers" && listens === false && look.sockets !== null));
};

const there = (look: Look) => look.screen?.kind === "answers" || look.screen?.kind === "listens";
const silence = (look: Look) => (look.screen?.kind === "silent" ? look.screen.detail : "no answer");

/** How the API failed when the MCP server said what it said: mute, or closing on us; `null` when it was, or may have been, well then. */
function apiFailedThen(look: Look): "mute" | "closing" | null {
  const at = look.evidence.mcp?.at ?? 0;
  const wasReady = Math.max(look.evidence.history.lastReadyAt ?? 0, look.api?.kind === "ready" ? look.api.lastAnswerAt : 0);
  if (look.answering || at < wasReady + 10_000) return null;
  if (look.queueStuck || (look.answerAgeMs ?? 0) > SILENT_ANSWER_MS || failed(look, "silent", "went-silent", "start-unanswered", "closed-late") !== null)
    return "mute";
  return failed(look, "closed-at-once", "closed-after-start") === null ? null : "closing";
}

/** A second greeting follows 3 s after one that was not answered, and has 5 s. */
const SECOND_GREETING_MS = 8_500;

export const SIDE_CAUSES: readonly Cause[] = [
  {
    id: "vnc-off",
    row: 39,
    light: "screen",
    state: "down",
    word: "not set up",
    title: "VNC is not set up in the container, so its screen cannot be shown",
    repairs: ["recreate-container"],
    requires: "“VNC server disabled” in the log, or a refused port and no sign that it was ever started",
    ruledOutBy: "“Starting VNC server” in the log",
    decides: "VNC_SERVER_PASSWORD in the compose file.",
    beats: ["vnc-died"],
    rivals: ["vnc-died"],
    when: (look) => {
      if (look.running === null || there(look)) return null;
      if (look.login?.vnc === "disabled") return certain(["The log says “VNC server disabled”: no VNC password is set."]);
      if (!noScreen(look) || look.login?.vnc === "started" || look.login?.vnc === "failed" || (look.uptimeMs ?? 0) < 30_000) return null;
      return look.login?.truncated === true || look.login === null
        ? possible([`Nothing listens on VNC port ${look.evidence.gateway.ports.vnc}.`])
        : likely([`Nothing listens on VNC port ${look.evidence.gateway.ports.vnc}, and the log never says that VNC was started.`]);
    },
  },
  {
    id: "vnc-died",
    row: 40,
    light: "screen",
    state: "down",
    word: "died",
    title: "The screen server (x11vnc) has died; the image never starts it again",
    repairs: ["restart-screen", "restart-container"],
    requires: "VNC was started by the log, and its port refuses or its process is gone",
    ruledOutBy: "“VNC server disabled”; no Xvfb either (then: xvfb-dead)",
    decides: "ps in the container: x11vnc gone, Xvfb there.",
    rivals: ["vnc-off", "xvfb-dead"],
    when: (look) => {
      if (look.running === null || there(look) || look.login?.vnc === "disabled" || (look.uptimeMs ?? 0) < 30_000) return null;
      const process = look.processes?.x11vnc ?? null;
      const port = look.evidence.gateway.ports.vnc;
      if (process === "stopped" || (look.screen?.kind === "silent" && process === "running"))
        return likely([process === "stopped" ? "x11vnc is stopped (state T)." : `Port ${port} is silent: ${redact(silence(look))}.`], {
          word: "silent",
          title: "The screen server (x11vnc) hangs",
          // One slow greeting on a busy server: the next one tells. Where it is seen not to run there is nothing to wait for.
          ...(process === "stopped" || (look.sockets?.screen?.x11vnc ?? "running") !== "running" ? {} : { patienceMs: SECOND_GREETING_MS }),
        });
      const gone = process === "absent" || process === "zombie";
      if (!noScreen(look) && !(gone && look.screen === null)) return null;
      const because = [`VNC port ${port} does not answer${gone ? " and no x11vnc process runs" : ""}.`];
      if (look.login?.vnc === "started" || look.login?.vnc === "failed")
        return gone || process === null ? certain(["The log says that VNC was started.", ...because].reverse()) : likely(because);
      return look.login?.vnc == null && (look.login?.truncated === true || look.login === null) ? likely(because) : null;
    },
  },
  {
    id: "vnc-password-wrong",
    row: 41,
    light: "screen",
    state: "down",
    word: "wrong password",
    title: "The screen refused the VNC password",
    repairs: ["wait"],
    requires: "the screen answers and its log-in was refused",
    ruledOutBy: "a log-in accepted since",
    decides: "Only the first 8 characters count in VNC.",
    when: (look) => {
      if (look.screen?.kind !== "answers") return null;
      if (look.screen.login === "refused") return certain([`The screen (RFB ${redact(look.screen.version)}) answers, but refused the last password.`]);
      if (look.screen.login === "too-many-attempts")
        return certain(["The screen answers, but takes no further log-in for now: too many wrong passwords."], { word: "locked" });
      return null;
    },
  },
  {
    id: "vnc-black",
    row: 42,
    light: "screen",
    state: "degraded",
    word: "black",
    title: "The screen shows nothing but black",
    repairs: ["wait", "restart-container"],
    requires: "the log-in worked and the picture is of one colour",
    ruledOutBy: "a painted picture since",
    decides: "ps in the container: is Java there?",
    when: (look) => {
      if (look.screen?.kind !== "answers" || look.screen.picture !== "black" || look.running === null || (look.uptimeMs ?? 0) < 60_000) return null;
      const java = look.processes?.java ?? null;
      return java === "absent" || java === "zombie" ? certain(["The screen is black and no Java process runs."]) : likely(["The screen is black."]);
    },
  },
  {
    id: "mcp-desync",
    row: 52,
    light: "mcp",
    state: "degraded",
    word: "mixed up",
    title: "The MCP server answers with replies to other requests",
    repairs: ["restart-mcp-workers"],
    requires: "a reply whose id is not the request's",
    ruledOutBy: "matching ids",
    decides: null,
    beats: ["mcp-down", "mcp-misleading"],
    when: (look) =>
      look.mcp?.desync === true ? certain(["The id in the MCP server's reply was not the request's: a late answer is being read by the next caller."]) : null,
  },
  {
    id: "mcp-misleading",
    row: 51,
    light: "mcp",
    state: "degraded",
    word: "misleading",
    title: "The MCP server reports more health than there is",
    repairs: ["wait", "restart-mcp-workers"],
    requires: "it says the port is open or IB connected while the API does not answer, or “api_ready” while it is not connected itself",
    ruledOutBy: "its workers are dead or its breaker is open (then: mcp-down)",
    decides: "Its probe is only a TCP connect to the relay; the API's own handshake decides.",
    rivals: ["mcp-down"],
    when: (look) => {
      const mcp = look.mcp;
      if (mcp === null || mcp.http !== "ok" || mcpGrace(look)) return null;
      const status = mcp.gatewayStatus;
      const then = apiFailedThen(look);
      if (then !== null) {
        const flag = ["It says “connected” to IB, while the API does not answer: its flag is only that of an open socket."];
        if (mcp.health?.ibConnected === true || status?.ibConnected === true) return then === "mute" ? certain(flag) : possible(flag);
        if (status?.apiPortOpen === true) {
          return certain([`It says “${redact(status.status)}” (API port open), while the API does not answer: its probe only reaches the relay.`]);
        }
        return null;
      }
      if (look.failure !== null) return null;
      if (
        status?.apiPortOpen === true &&
        status.ibConnected === false &&
        mcp.health?.ibConnected !== true &&
        !deadWorkers(look) &&
        mcp.health?.breaker !== "open"
      ) {
        const because = [`It says “${redact(status.status)}”, yet it is not connected to IB itself.`];
        return look.answering ? certain([...because, "The gateway's API answers Gatelight."]) : likely(because);
      }
      return null;
    },
  },
  {
    id: "mcp-down",
    row: 50,
    light: "mcp",
    state: "down",
    word: "down",
    title: "The MCP server does not work, though the gateway does",
    repairs: ["restart-mcp-workers"],
    requires: "its HTTP port fails, or it reports itself unhealthy while the gateway's API answers",
    ruledOutBy: "the gateway's API does not answer either (then the gateway explains it)",
    decides: "circuit_breaker.state and workers_alive in its /health.",
    rivals: ["mcp-misleading"],
    when: (look) => {
      const mcp = look.mcp;
      const silent = mcp !== null && (mcp.http === "timeout" || (mcp.http === "ok" && mcp.waitingSince !== null));
      if (mcp === null || mcp.http === "forbidden" || (mcpGrace(look) && !silent)) return null;
      if (mcp.http === "no-route") return possible([`No way to the MCP server was found: ${redact(mcp.detail)}`], { word: "no way", state: "degraded" });
      if (mcp.http !== "ok") {
        const container = mcp.containerStatus !== null && mcp.containerStatus !== "running" ? [`Its container is “${redact(mcp.containerStatus)}”.`] : [];
        return certain([`${HTTP_WORDS[mcp.http]}: ${redact(mcp.detail)}`, ...container], {
          word: mcp.http === "timeout" ? "silent" : "down",
          title: look.answering ? "The MCP server does not work, though the gateway does" : "The MCP server does not work",
        });
      }
      if (mcp.waitingSince !== null)
        return likely([`It accepted two questions in a row and has left them unanswered for ${duration(look.now - mcp.waitingSince)}.`], {
          word: "silent",
          ...(look.answering ? {} : { title: "The MCP server does not work" }),
        });
      const health = mcp.health;
      if (health === null || !look.answering) return null;
      const workers =
        health.workers === null ? [] : [`${health.workersAlive ?? "?"} of ${health.workers} workers alive, ${health.workersConnected ?? "?"} connected to IB.`];
      const breaker = health.breaker === null || health.breaker === "closed" ? [] : [`Its circuit breaker is ${health.breaker}.`];
      const because = [`It reports itself ${health.status}.`, ...workers, ...breaker];
      if (health.breaker === "open" || deadWorkers(look))
        return certain([...breaker, ...workers, because[0] ?? ""], { state: "degraded", word: health.breaker === "open" ? "breaker open" : "no workers" });
      if (health.status === "unhealthy") return certain(because, { state: "degraded", word: "unhealthy" });
      return health.status !== "healthy" ? likely(because, { state: "degraded", word: "degraded", title: "The MCP server works only in part" }) : null;
    },
  },
];

const HTTP_WORDS = {
  refused: "Its port refuses connections",
  timeout: "It accepted and did not answer in time",
  closed: "It closed the connection without an answer",
  "not-http": "What answers is no HTTP",
  "bad-status": "It answers with an error",
} as const;

const deadWorkers = (look: Look) => look.mcp?.health?.workersAlive === 0 && (look.mcp.health.workers ?? 1) > 0;

/** What was seen, for a fault that fits nothing. */
export function seen(look: Look): string[] {
  const { ports } = look.evidence.gateway;
  const api = look.api;
  const failure = look.failure;
  return [
    ...(failure === null ? [] : [`API: ${redact(failure.detail)} (${failure.kind}, ${coarse(look.now - failure.at)} ago).`]),
    ...(look.answerAgeMs !== null && !look.answering ? [`API: the heartbeat has been unanswered for ${duration(look.answerAgeMs)}.`] : []),
    ...(failure === null && api?.kind === "idle" ? [`API: not tried (${api.reason}).`] : []),
    ...(look.present === null ? [] : [`Container: ${look.present.status}.`]),
    ...(look.login === null ? ["Log: not read."] : [`Log: ${look.login.phase}.`]),
    ...(look.sockets === null
      ? ["Sockets: not read."]
      : [
          `Sockets: ${look.apiListeners.length > 0 ? `${ports.api} listens, ${look.queue} waiting` : `nothing on ${ports.api}`}; relay ${ports.relay} ${look.relayListening ? "listens" : "does not listen"}.`,
        ]),
    ...(failed(look, "unsupported-version") === null ? [] : ["The API speaks a version that Gatelight does not."]),
  ];
}
