import type { EvidenceLine } from "../../../shared/snapshot.ts";
import { calendarAt } from "./calendar.ts";
import { PHASE_WORDS } from "./causes/login.ts";
import type { ApiFact, GatewayEvidence, Listener, LoginFact, Maybe, Route, ScreenFact } from "./evidence.ts";
import { exitMeaning } from "./exit-codes.ts";
import { QUEUE_FULL } from "./look.ts";
import { coarse, duration, list, plural, redact } from "./text.ts";

export const CLOCK_LINE = "Server's clock";
/** Of a notice's text: codes that no cause knows are shown as the gateway words them. */
const MAX_NOTICE = 120;

/**
 * The facts as lines for people. Never an account number, a user name or an amount; texts of others are redacted and cut.
 * @param now for the ages within values; the fact's own time stands beside each line
 */
export function evidenceLines(evidence: GatewayEvidence, now: number): EvidenceLine[] {
  const { server, gateway, history } = evidence;
  const ago = (at: number | null) => (at === null ? "at a time not known" : `${coarse(now - at)} ago`);
  const lines: (EvidenceLine | null)[] = [
    { label: "SSH", value: linkText(server.link.value), at: server.link.at },
    line("Docker", server.docker, (fact) =>
      fact.kind === "ok" ? `answers${fact.version === null ? "" : `, version ${redact(fact.version)}`}` : `${fact.kind}: ${redact(fact.message)}`,
    ),
    line(CLOCK_LINE, server.clockSkewMs, (skew) => (Math.abs(skew) < 2_000 ? "as ours" : `${duration(Math.abs(skew))} ${skew > 0 ? "ahead" : "behind"}`)),
    line("Container", evidence.container, (fact) => {
      if (fact.kind === "missing") return `none named ${gateway.container}`;
      const exit =
        fact.status === "running" || fact.exitCode === null
          ? ""
          : `, exit code ${fact.exitCode} (${exitMeaning(fact.exitCode)})${fact.oomKilled ? ", out of memory" : ""}`;
      const since = fact.status === "running" ? fact.startedAt : fact.finishedAt;
      return `${fact.status}${since === null ? "" : ` for ${coarse(now - since)}`}${exit}; restarted by Docker ${plural(fact.restartCount, "time")}`;
    }),
    line("Image", evidence.container, (fact) => (fact.kind === "missing" ? "–" : redact(fact.image))),
    line(
      "Log-in",
      evidence.login,
      (fact) =>
        `${PHASE_WORDS[fact.phase]}${fact.phaseAt === null ? "" : `, ${ago(fact.phaseAt)}`}; ${plural(fact.loginAttempts, "attempt")}, ${plural(fact.sessions, "session")}`,
    ),
    line("Second factor", evidence.login, (fact) =>
      fact.secondFactor === null ? null : `${fact.secondFactor.state}, asked ${ago(fact.secondFactor.startedAt)}`,
    ),
    line("Log's problems", evidence.login, (fact) => problemText(fact, now)),
    line("Gateway's settings by the log", evidence.login, settingsText),
    line("Way to the API", evidence.route, (fact) => routeText(fact.api)),
    line("Way to the screen", evidence.route, (fact) => routeText(fact.vnc)),
    line("Listening", evidence.sockets, (fact) => {
      const ports = [...new Set(fact.listeners.map((row) => row.port))].sort((a, b) => a - b).slice(0, 12);
      return ports.length === 0 ? "nothing" : list(ports.map(String));
    }),
    line("Accept queue", evidence.sockets, (fact) => queueText(fact.listeners, gateway.ports.api)),
    line(
      "Clients that gave up",
      evidence.sockets,
      (fact) =>
        `${fact.api.closeWaitOrphans} before being accepted, ${fact.api.closeWaitHeld} not closed by the gateway, ${plural(fact.api.synSent, "connect")} unanswered`,
    ),
    line(
      "Programs connected",
      evidence.sockets,
      (fact) => `${fact.relayClients} at relay port ${gateway.ports.relay}, ${fact.api.established} at API port ${gateway.ports.api}`,
    ),
    line("Lines to IBKR", evidence.sockets, (fact) => String(fact.brokerLines)),
    line("Processes", evidence.processes, (fact) => `Java ${fact.java}, socat ${fact.socat}, x11vnc ${fact.x11vnc}, Xvfb ${fact.xvfb}`),
    line("API session", evidence.api, (fact) => apiText(fact, now)),
    line(
      "IBKR by the API",
      evidence.broker,
      (fact) =>
        `${fact.line}${fact.code === null ? "" : ` (${fact.code})`} for ${coarse(now - fact.since)}; ${plural(fact.farms.filter((farm) => farm.state === "down").length, "farm")} down of ${fact.farms.length}`,
    ),
    line("Notices", evidence.broker, (fact) =>
      fact.notices.length === 0
        ? null
        : fact.notices
            .slice(-5)
            .map((notice) => `${notice.code}, ${ago(notice.at)}: ${redact(notice.text).slice(0, MAX_NOTICE)}`)
            .join("; "),
    ),
    line(
      "Account data",
      evidence.account,
      (fact) =>
        `${plural(fact.accounts.length, "account")} (${fact.prefix}); ${fact.completeAt === null ? `asked for ${ago(fact.requestedAt)}, not complete` : `last change ${ago(fact.lastUpdateAt ?? fact.completeAt)}`}`,
    ),
    line("Screen", evidence.screen, screenText),
    line("MCP", evidence.mcp, (fact) => {
      const health =
        fact.health === null
          ? ""
          : `; says ${fact.health.status}, IB ${yes(fact.health.ibConnected)}, breaker ${fact.health.breaker ?? "?"}, workers ${fact.health.workersAlive ?? "?"} of ${fact.health.workers ?? "?"} alive`;
      return `${fact.http} (${redact(fact.detail)})${health}`;
    }),
    line("MCP's view of the gateway", evidence.mcp, (fact) =>
      fact.gatewayStatus === null
        ? null
        : `${redact(fact.gatewayStatus.status)}, port open: ${yes(fact.gatewayStatus.apiPortOpen)}, IB: ${yes(fact.gatewayStatus.ibConnected)}`,
    ),
    history.starts.length < 2
      ? null
      : {
          label: "Starts seen",
          value: `${history.starts.length}, the newest ${ago(history.starts.at(-1)?.startedAt ?? null)}`,
          at: history.starts.at(-1)?.seenAt ?? null,
        },
    history.apiFailures.length === 0
      ? null
      : {
          label: "API failures",
          value: history.apiFailures
            .slice(-5)
            .map((failure) => `${failure.kind}, ${ago(failure.at)}`)
            .join("; "),
          at: history.apiFailures.at(-1)?.at ?? null,
        },
    calendarLine(now, history.peer),
  ];
  return lines.filter((each): each is EvidenceLine => each !== null);
}

function line<T>(label: string, fact: Maybe<T>, text: (value: T) => string | null): EvidenceLine | null {
  if (fact === null) return { label, value: "not known", at: null };
  const value = text(fact.value);
  return value === null ? null : { label, value, at: fact.at };
}

function linkText(link: GatewayEvidence["server"]["link"]["value"]): string {
  switch (link.kind) {
    case "off":
      return "off";
    case "up":
      return link.latencyMs === null ? "up" : `up, ${Math.round(link.latencyMs)} ms`;
    case "connecting":
      return `connecting, attempt ${link.attempt}`;
    default:
      return `${link.kind}: ${link.failure.reason} at ${link.failure.stage}`;
  }
}

function problemText(fact: LoginFact, now: number): string | null {
  if (fact.problems.length === 0) return null;
  return fact.problems
    .slice(-4)
    .map((problem) => `${problem.kind}, ${coarse(now - problem.at)} ago`)
    .join("; ");
}

function settingsText(fact: LoginFact): string | null {
  const parts = [
    ...(fact.apiPort === null ? [] : [`socket port ${fact.apiPort}`]),
    ...(fact.readOnlyApi === null ? [] : [`read-only ${fact.readOnlyApi ? "on" : "off"}`]),
    ...(fact.relay === null ? [] : [`relay ${fact.relay.from} and ${fact.relay.to}`]),
    ...(fact.version.gateway === null ? [] : [`gateway ${redact(fact.version.gateway)}`]),
    ...(fact.version.ibc === null ? [] : [`IBC ${redact(fact.version.ibc)}`]),
  ];
  return parts.length === 0 ? null : parts.join(", ");
}

const routeText = (route: Route | null) => (route === null ? "none found" : `${route.host}:${route.port} (${route.by.replaceAll("-", " ")}, ${route.through})`);

function queueText(listeners: readonly Listener[], port: number): string {
  const rows = listeners.filter((row) => row.port === port);
  return rows.length === 0 ? `nothing listens on ${port}` : `${Math.max(...rows.map((row) => row.queue))} of ${QUEUE_FULL} waiting at ${port}`;
}

function apiText(fact: ApiFact, now: number): string {
  switch (fact.kind) {
    case "ready":
      return `ready for ${coarse(now - fact.since)}, version ${fact.serverVersion}, client id ${fact.clientId}, ${fact.waitingSince === null ? "answering" : `waiting ${duration(now - fact.waitingSince)}`}`;
    case "opening":
      return `opening (${fact.step})`;
    case "idle":
      return `closed (${fact.reason.replaceAll("-", " ")})${fact.last === null ? "" : `; last: ${fact.last.kind}, ${coarse(now - fact.last.at)} ago`}`;
  }
}

function screenText(fact: ScreenFact): string {
  if (fact.kind !== "answers") return `${fact.kind}: ${redact(fact.detail)}`;
  return `answers, RFB ${redact(fact.version)}, log-in ${fact.login}${fact.picture === null ? "" : `, picture ${fact.picture}`}`;
}

function calendarLine(now: number, peer: string | null): EvidenceLine {
  const day = calendarAt(now, peer);
  const region = `${day.region}${day.assumed ? " (assumed)" : ""}`;
  return { label: "IBKR's calendar", value: day.window === null ? `no maintenance now; region ${region}` : `${day.window.reason}; region ${region}`, at: null };
}

const yes = (value: boolean | null) => (value === null ? "?" : value ? "yes" : "no");
