import { type Cause, certain, likely, possible } from "../cause.ts";
import { failed, isPassing, type Look, QUEUE_FULL, relayUpstream } from "../look.ts";
import { coarse, duration, list, plural, redact } from "../text.ts";

/** Relay and listener: rows 29, 31, 32, 35, 38 and 45. */

/** Ports at which a gateway or TWS offers its API. */
const API_PORTS = [4000, 4001, 4002, 7496, 7497];

/** Listeners that look like the API at another port than the one expected. */
export function elsewhere(look: Look): number[] {
  const { ports } = look.evidence.gateway;
  const own = [
    ports.api,
    ports.relay,
    ports.vnc,
    look.login?.commandServer !== null && typeof look.login?.commandServer === "object" ? look.login.commandServer.port : 0,
  ];
  const rows = (look.sockets?.listeners ?? []).filter((row) => !own.includes(row.port));
  const usual = rows.filter((row) => API_PORTS.includes(row.port) || row.port === look.login?.apiPort);
  // Of the image's processes only the JVM listens on IPv6; its command server is excluded only where its port is known.
  const java = look.login?.commandServer == null ? [] : rows.filter((row) => row.family === 6 && row.address === "::");
  return [...new Set((usual.length > 0 ? usual : java).map((row) => row.port))];
}
/** The image's loop starts socat anew 5 s after its end (SSH_RESTART). */
const RESPAWN_MS = 6_500;
/** The whole process is known to hang, and so few wait that the queue is only its shadow. */
export const processHangs = (look: Look) => look.problem("out-of-memory") !== null || (look.processes?.java === "stopped" && look.queue < 10);
const settled = (look: Look) => look.loggedIn && (look.loggedInForMs ?? 0) >= 5_000;
const overflow = (look: Look) => (look.sockets?.listenOverflows ?? 0) > 0 || (look.sockets?.listenDrops ?? 0) > 0;

export const SOCKET_CAUSES: readonly Cause[] = [
  {
    id: "relay-dead",
    row: 38,
    light: "relay",
    state: "down",
    word: "dead",
    title: "The relay (socat) in front of the API does not run",
    repairs: ["wait", "restart-relay", "restart-container"],
    requires: "nothing listens on the relay port while the gateway listens on its own, or socat stands still or is a directory",
    ruledOutBy: "the relay port listens; the container just started (socat comes back within 5 s)",
    decides: "ps in the container: socat; is run_socat.sh a file?",
    beats: ["unexplained", "localhost-only"],
    when: (look) => {
      if (look.running === null || (look.answering && look.route?.api?.through !== "relay")) return null;
      if (look.answering && look.processes?.socat !== "absent" && look.processes?.socat !== "stopped") return null;
      const { ports } = look.evidence.gateway;
      const notFile = look.problem("relay-not-a-file");
      const gone = look.sockets !== null && !look.relayListening;
      const wrongMode = look.sockets?.listeners.some((row) => (row.port === 4003 || row.port === 4004) && row.port !== ports.relay) ?? false;
      if (notFile !== null && (gone || look.sockets === null))
        return certain([
          `The log says: “${redact(notFile.text)}”: the relay's script is no file.`,
          ...(gone ? [`Nothing listens on relay port ${ports.relay}.`] : []),
        ]);
      if (look.processes?.socat === "stopped")
        return certain([`socat is stopped (state T), so relay port ${ports.relay} accepts but passes nothing on.`], { word: "stopped" });
      if (!gone || wrongMode || (look.uptimeMs ?? 0) < 30_000) return null;
      const heard = look.apiListeners.length > 0;
      const process = look.processes?.socat === "absent" ? ["No socat process runs."] : [];
      const because = [`Nothing listens on relay port ${ports.relay}${heard ? `, while the gateway itself listens on ${ports.api}` : ""}.`, ...process];
      const more = { patienceMs: RESPAWN_MS };
      if (heard && (look.processes === null || look.processes.socat !== "running")) return certain(because, more);
      if (heard) return likely(because, more);
      return process.length > 0 && (look.loggedIn || elsewhere(look).length > 0) ? likely(because, more) : null;
    },
  },
  {
    id: "relay-bypassed",
    row: 31,
    light: "relay",
    state: "down",
    word: "bypassed",
    title: "The published port leads past the relay straight to the gateway, which refuses strangers",
    repairs: ["recreate-container"],
    requires: "Docker publishes the API port itself, the way taken goes there, and the API drops or ignores it",
    ruledOutBy: "the API answers; the relay port is published",
    decides: "An API session through the relay port, or from inside the container.",
    beats: ["localhost-only", "accept-dialog", "gateway-hung"],
    rivals: ["localhost-only", "accept-dialog"],
    when: (look) => {
      if (look.answering || look.present === null || look.queueStuck) return null;
      const { ports } = look.evidence.gateway;
      const raw = look.present.published.find((port) => port.containerPort === ports.api);
      const relayed = look.present.published.some((port) => port.containerPort === ports.relay);
      const direct = look.route?.api?.through === "direct" && look.route.api.by !== "container-address";
      const failure = failed(look, "closed-at-once", "silent", "closed-after-start", "went-silent");
      if (raw === undefined || relayed || failure === null || !settled(look)) return null;
      const because = [
        `Docker publishes ${raw.hostPort} → ${raw.containerPort}, the gateway's own port, not relay port ${ports.relay}.`,
        redact(failure.detail),
      ];
      return direct && failure.kind === "closed-at-once" ? certain(because) : likely(because);
    },
  },
  {
    id: "api-port-changed",
    row: 45,
    light: "socket",
    state: "down",
    word: "port changed",
    title: "The API port was changed while the gateway ran",
    repairs: ["open-api-settings", "restart-soft"],
    requires: "code 1300 before the connection closed, or a listener at another port than the log told at the start",
    ruledOutBy: "the expected port listens again",
    decides: "The socket port in the gateway's API settings.",
    beats: ["port-mismatch", "unexplained"],
    rivals: ["port-mismatch"],
    when: (look) => {
      if (look.answering) return null;
      const failure = failed(look, "port-changed");
      if (failure === null) {
        // Nobody was connected to be told; the log still knows what it was at the start.
        const [now] = look.sockets === null || look.apiListeners.length > 0 ? [] : elsewhere(look);
        const { api } = look.evidence.gateway.ports;
        if (now === undefined || look.login?.apiPort !== api || (look.loggedInForMs ?? 0) < 60_000) return null;
        return likely([`The log says that the socket port was ${api} at the start, but now the gateway listens on ${now}.`], { word: `now ${now}` });
      }
      const { api } = look.evidence.gateway.ports;
      const to = failure.newPort === null ? "" : ` to ${failure.newPort}`;
      // Where the change is followed, the new port is the expected one already.
      const from = failure.newPort === api ? "" : ` from ${api}`;
      return certain([`The gateway announced (code 1300) that its API port changes${from}${to}.`], {
        word: failure.newPort === null ? "port changed" : `now ${failure.newPort}`,
      });
    },
  },
  {
    id: "port-mismatch",
    row: 29,
    light: "socket",
    state: "down",
    word: "other port",
    title: "The gateway listens on another port than expected",
    repairs: ["open-api-settings", "recreate-container"],
    requires: "logged in; no listener at the expected port, one elsewhere; or a relay that sends to another port",
    ruledOutBy: "the expected port listens and the relay sends there",
    decides: "The socket port in the API settings, TRADING_MODE and OverrideTwsApiPort. LocalServerPort=4000 in jts.ini is not the API port.",
    beats: ["relay-dead", "unexplained", "localhost-only"],
    rivals: ["mode-mismatch", "settings-lost"],
    when: (look) => {
      if (look.answering || look.running === null || look.sockets === null) return null;
      const { ports } = look.evidence.gateway;
      const upstream = relayUpstream(look);
      const heard = look.apiListeners.length > 0;
      if (heard && upstream !== null && upstream !== ports.api && look.loggedIn) {
        return certain([`The relay sends ${ports.relay} → ${upstream}, but the gateway listens on ${ports.api}.`], { light: "relay", word: `→ ${upstream}` });
      }
      if (heard || !settled(look)) return null;
      const found = elsewhere(look);
      const refused = look.login?.relayErrors.refused ?? 0;
      const errors = refused > 0 ? [`The relay's log counts ${plural(refused, "refused connection")}.`] : [];
      if (found.length > 0)
        return certain([`Nothing listens on API port ${ports.api}, but the gateway listens on ${list(found.map(String))}.`, ...errors], {
          word: `on ${found[0]}`,
        });
      const told = look.login?.apiPort ?? null;
      if (told !== null && told !== ports.api)
        return likely([`IBC found socket port ${told} in the gateway's settings; ${ports.api} was expected.`, ...errors], { word: `on ${told}` });
      return null;
    },
  },
  {
    id: "accept-queue-wedge",
    row: 35,
    light: "socket",
    state: "down",
    word: "wedged",
    title: "The gateway stopped accepting connections",
    repairs: ["open-api-settings", "restart-soft", "stop-and-start", "restart-container"],
    requires: "connections wait in the accept queue of the API port and stay there, or the kernel leaves connects to it unanswered",
    ruledOutBy: "an empty queue with an immediate end of the connection (then: localhost-only)",
    decides: "rx_queue of the LISTEN row before anyone touches a setting: above 0 is a wedge, 0 with an immediate close is a filter.",
    beats: ["localhost-only", "gateway-hung", "accept-dialog"],
    rivals: ["localhost-only", "gateway-hung", "accept-dialog", "mcp-misleading"],
    when: (look) => {
      const { ports } = look.evidence.gateway;
      const sockets = look.sockets;
      if (sockets === null) {
        const late = failed(look, "closed-late");
        return late !== null && !look.answering
          ? possible([`The connection was closed after ${duration(late.afterMs)} without a byte: the relay gave up on an unanswered connect.`])
          : null;
      }
      const { closeWaitOrphans, synSent } = sockets.api;
      const traces = [
        ...(closeWaitOrphans > 0 ? [`${plural(closeWaitOrphans, "client")} gave up before being accepted (CLOSE_WAIT without an owner).`] : []),
        ...(synSent > 0 ? [`${plural(synSent, "connect")} of the relay ${synSent === 1 ? "hangs" : "hang"} unanswered right now (SYN_SENT).`] : []),
        ...(overflow(look) ? ["The kernel counts connections dropped because the queue was full."] : []),
      ];
      if (look.queueStuck) {
        // A process that is known to stand still accepts nobody; a few in its queue are its consequence.
        const hangs = processHangs(look);
        const whom = look.queue >= QUEUE_FULL - 1 ? "nobody is answered" : "the gateway does not take them";
        return certain([`API port ${ports.api} listens, but ${look.queue} of ${QUEUE_FULL} connections wait in its accept queue; ${whom}.`, ...traces], {
          word: `${look.queue}/${QUEUE_FULL}`,
          ...(hangs ? { beats: [] } : {}),
        });
      }
      if (look.answering || look.apiListeners.length === 0) return null;
      if (synSent > 0 && failed(look, "closed-late", "silent", "dial-timeout") !== null)
        return likely([`API port ${ports.api} listens, but leaves connects unanswered.`, ...traces]);
      const late = failed(look, "closed-late", "dial-timeout");
      const timedOut = look.login?.relayErrors.timedOut ?? 0;
      if (late !== null)
        return likely([
          `The connection ended after ${duration(late.afterMs)} without a byte, as when the kernel drops connects to a full queue.`,
          ...(timedOut > 0 ? [`The relay's log counts ${plural(timedOut, "timed-out connect")}.`] : []),
          ...traces,
        ]);
      if (failed(look, "silent") !== null && (closeWaitOrphans > 0 || timedOut > 0))
        return possible([`The API is silent; the relay's log counts ${plural(timedOut, "timed-out connect")}.`, ...traces]);
      return null;
    },
  },
  {
    id: "localhost-only",
    row: 32,
    light: "api",
    state: "down",
    word: "refused",
    title: "The gateway refuses connections from this address (“Allow connections from localhost only” or trusted IPs)",
    repairs: ["open-api-settings"],
    requires: "logged in, the API port listens with an empty queue, and each connection is closed at once without a byte",
    ruledOutBy: "connections that wait in the queue or in SYN_SENT; a relay with nothing behind it",
    decides: "The same connect from inside the container to 127.0.0.1: if that is answered, the filter is at fault.",
    rivals: ["settings-lost", "accept-queue-wedge", "relay-bypassed", "accept-dialog"],
    when: (look) => {
      const failure = failed(look, "closed-at-once");
      if (failure === null || look.answering || look.queueStuck || !look.loggedIn) return null;
      const { ports } = look.evidence.gateway;
      if (look.sockets === null)
        return possible([redact(failure.detail), "The socket table could not be read, so an upstream that refuses the relay looks the same."]);
      if (look.apiListeners.length === 0 || look.sockets.api.synSent > 0) return null;
      const way = look.route?.api?.through === "direct" ? "from an address other than 127.0.0.1" : "through the relay";
      const again = look.evidence.history.apiFailures.filter((each) => each.kind === "closed-at-once" && look.now - each.at < 30 * 60_000).length;
      const times = again > 1 ? [`It happened ${again} times within the last half hour.`] : [];
      const because = [
        `API port ${ports.api} listens with an empty accept queue, yet a connection ${way} was closed after ${Math.round(failure.afterMs)} ms without a byte.`,
        ...times,
      ];
      return relayUpstream(look) !== null && relayUpstream(look) !== ports.api ? possible(because) : certain(because);
    },
  },
  {
    id: "settings-lost",
    row: 48,
    light: "api",
    state: "down",
    word: "settings lost",
    title: "The gateway's API settings went back to their defaults",
    repairs: ["open-api-settings", "stop-and-start"],
    requires: "the API worked in an earlier container or image and refuses since it was replaced",
    ruledOutBy: "it worked since the container was made; connections wait in the queue",
    decides: "The API settings on the gateway's screen; a settings volume (TWS_SETTINGS_PATH) keeps them.",
    beats: ["localhost-only", "accept-dialog", "read-only-api", "port-mismatch", "api-port-changed"],
    rivals: ["localhost-only", "accept-dialog", "port-mismatch", "read-only-api"],
    when: (look) => {
      const good = look.evidence.history.lastGood;
      const present = look.present;
      // As soon as the log-in is done, like the plainer names of the same symptoms: none of them is said first.
      if (good === null || present === null || look.queueStuck || !look.loggedIn) return null;
      const refused = failed(look, "closed-at-once", "closed-after-start");
      const dialog = look.problem("accept-dialog-open");
      const readOnly = look.login?.readOnlyApi === true && look.answering;
      const moved = settled(look) && !look.answering && look.sockets !== null && look.apiListeners.length === 0 && elsewhere(look).length > 0;
      if (refused === null && dialog === null && !readOnly && !moved) return null;
      const symptom = moved
        ? "the port has changed"
        : readOnly
          ? "the API is read-only"
          : dialog !== null
            ? "it asks before it accepts"
            : "it refuses connections";
      const recreated = good.containerId !== present.id;
      const image = good.imageId !== present.imageId ? " from another image" : "";
      const because = (what: string) => [`The API worked ${duration(look.now - good.at)} ago; since then the container was ${what}, and now ${symptom}.`];
      const more = { light: moved ? ("socket" as const) : ("api" as const), state: readOnly ? ("degraded" as const) : ("down" as const) };
      if (recreated) return likely(because(`made anew${image}`), more);
      if (good.startedAt !== null && present.startedAt !== null && present.startedAt > good.startedAt + 5_000) return possible(because("restarted"), more);
      return null;
    },
  },
  {
    id: "wrong-service",
    row: null,
    light: "api",
    state: "down",
    word: "wrong service",
    title: "Something other than the gateway's API answers on that port",
    repairs: ["wait"],
    requires: "bytes that are no API frame",
    ruledOutBy: "an API handshake",
    decides: "The ports in the settings, and what is published on them (docker port).",
    beats: ["gateway-hung", "localhost-only"],
    when: (look) => {
      const failure = failed(look, "wrong-service");
      if (failure !== null) {
        const bytes = failure.firstBytes === null ? [] : [`It began with “${redact(failure.firstBytes)}”.`];
        return certain([redact(failure.detail), ...bytes]);
      }
      const frame = failed(look, "bad-frame");
      if (frame !== null) return likely([redact(frame.detail)]);
      if (look.screen?.kind === "wrong-service")
        return certain([`The screen's port: ${redact(look.screen.detail)}`], {
          light: "screen",
          state: "degraded",
          title: "Something other than a screen answers on the VNC port",
        });
      return null;
    },
  },
  {
    id: "client-id-in-use",
    row: 37,
    light: "api",
    state: "down",
    word: "id in use",
    title: "Gatelight's client id is taken by another program",
    repairs: ["change-client-id", "restart-soft"],
    requires: "code 326",
    ruledOutBy: "another id is refused too",
    decides: "Another id works at once; a stuck one is freed only by a restart of the gateway.",
    when: (look) => {
      const failure = failed(look, "client-id-in-use");
      if (failure === null || look.answering || isPassing(look)) return null;
      return certain([`The gateway refused client id ${failure.clientId} with code 326, ${coarse(look.now - failure.at)} ago; the API itself works.`], {
        word: `id ${failure.clientId} taken`,
      });
    },
  },
];
