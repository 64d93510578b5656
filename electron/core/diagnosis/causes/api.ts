import { type Cause, certain, likely, possible } from "../cause.ts";
import { failed, type Look, SILENT_ANSWER_MS } from "../look.ts";
import { coarse, duration, redact } from "../text.ts";
import { processHangs } from "./socket.ts";

/** What a gateway does with an accepted connection: rows 30, 33, 34 and 36. */

const STARTING_MS = 5_000;

/** Silence of the API: of a new connection, or of a session that was ready. What the line was silent for is left out by the look already. */
function silence(look: Look): { text: string; ms: number } | null {
  const { api } = look;
  // A living gateway names its accounts within a second or two; one that is still setting up is given longer before it is called dead.
  if (api?.kind === "opening" && api.step === "ready" && look.now - api.since > STARTING_MS)
    return {
      text: `The API named its version, but has left the start of the session unanswered for ${duration(look.now - api.since)}.`,
      ms: look.now - api.since,
    };
  const failure = failed(look, "silent", "went-silent", "start-unanswered");
  if (failure?.kind === "start-unanswered") return { text: "The API named its version but left the start of the session unanswered.", ms: failure.afterMs };
  if (failure?.kind === "went-silent")
    return { text: `The session was fine for ${duration(failure.afterMs)} and then left its heartbeat unanswered.`, ms: failure.afterMs };
  if (failure !== null) return { text: `The connection was accepted and stayed silent for ${duration(failure.afterMs)}.`, ms: failure.afterMs };
  if (look.answerAgeMs !== null && look.answerAgeMs > SILENT_ANSWER_MS)
    return { text: `The ready session has left its heartbeat unanswered for ${duration(look.answerAgeMs)}.`, ms: look.answerAgeMs };
  return null;
}

export const API_CAUSES: readonly Cause[] = [
  {
    id: "accept-dialog",
    row: 33,
    light: "api",
    state: "down",
    word: "asks",
    title: "The gateway asks on its screen whether to accept the connection",
    repairs: ["open-api-settings"],
    requires: "the dialog “Accept incoming connection” is open, or a session closed right after its start",
    ruledOutBy: "a filling accept queue; the dialog was answered",
    decides: "The gateway's screen shows the question; trusted IPs or TWS_ACCEPT_INCOMING=accept end it for good.",
    beats: ["gateway-hung", "localhost-only"],
    rivals: ["gateway-hung", "accept-queue-wedge", "localhost-only"],
    when: (look) => {
      if (look.answering || look.login === null || look.running === null) return null;
      const said = look.problem("accept-dialog-open");
      const dialog = look.login.openDialogs.find((each) => /accept incoming|incoming connection/i.test(each.title)) ?? null;
      const open = (at: number) => [`The dialog “Accept incoming connection” has been open for ${coarse(look.now - at)}; the connection waits for its answer.`];
      if (said !== null) return certain(open(said.at));
      // The log does not always tell that a dialog has closed.
      if (dialog !== null && (silence(look) !== null || look.now - dialog.at < 60_000)) return likely(open(dialog.at));
      if (failed(look, "closed-after-start") !== null && look.loggedIn && (look.loggedInForMs ?? 0) > 30_000) {
        return likely(["The gateway named its version and closed the connection right after the session's start, without code 326: rejected."], {
          word: "rejected",
        });
      }
      const quiet = silence(look);
      if (quiet !== null && look.loggedIn && look.sockets !== null && look.queue === 0 && failed(look, "silent") !== null && look.processes?.java !== "stopped")
        return possible([quiet.text]);
      return null;
    },
  },
  {
    id: "gateway-hung",
    row: 36,
    light: "api",
    state: "down",
    word: "hung",
    title: "The gateway's process hangs",
    repairs: ["restart-soft", "stop-and-start", "restart-container"],
    requires: "OutOfMemoryError in the log, the process stopped, or an accepted connection that stays silent with an empty queue",
    ruledOutBy: "the API answers; connections wait in the accept queue (then: accept-queue-wedge)",
    decides: "A frozen picture on the screen and a mute command port point to a hung process.",
    rivals: ["accept-dialog", "accept-queue-wedge", "tunnel-half-open"],
    when: (look) => {
      if (look.answering || look.running === null) return null;
      const memory = look.problem("out-of-memory");
      if (memory !== null)
        return certain([`The log says, ${coarse(look.now - memory.at)} ago: “${redact(memory.text)}”`], {
          word: "out of memory",
          title: "The gateway ran out of memory and hangs",
          beats: ["accept-queue-wedge", "accept-dialog"],
        });
      const quiet = silence(look);
      if (look.processes?.java === "stopped")
        return certain(["The Java process is stopped (state T): it does not run at all.", ...(quiet === null ? [] : [quiet.text])], {
          word: "stopped",
          ...(processHangs(look) ? { beats: ["accept-queue-wedge"] } : {}),
        });
      // Looked at before the log-in, the process may only have been on its way.
      const sinceLogin = look.loggedIn && look.now - (look.evidence.processes?.at ?? 0) < (look.loggedInForMs ?? Number.POSITIVE_INFINITY);
      if (look.processes?.java === "zombie" || (look.processes?.java === "absent" && sinceLogin)) {
        return likely([`The Java process is ${look.processes.java === "absent" ? "gone" : "dead"} though the log says logged in.`], {
          word: "no process",
          light: "login",
          title: "The gateway's process is gone",
        });
      }
      if (quiet === null || (look.login !== null && !look.loggedIn)) return null;
      if (look.sockets === null) return possible([quiet.text, "The socket table could not be read."]);
      if (look.apiListeners.length === 0) return null;
      if (look.queueStuck) return possible([quiet.text]);
      return likely([quiet.text, `API port ${look.evidence.gateway.ports.api} listens and its accept queue is empty.`]);
    },
  },
  {
    id: "mode-mismatch",
    row: 30,
    light: "account",
    state: "down",
    word: "wrong mode",
    title: "This is not the account kind it is labelled as",
    repairs: ["recreate-container"],
    requires: "account numbers of the other kind (D… is paper), or the container's own words about its trading mode",
    ruledOutBy: "account numbers of the right kind",
    decides: "The prefix of the account numbers is the truth.",
    beats: ["port-mismatch", "relay-dead", "container-exited"],
    rivals: ["port-mismatch"],
    when: (look) => {
      const mode = look.evidence.gateway.mode;
      const other = mode === "paper" ? "live" : "paper";
      const prefix = look.account?.prefix ?? "none";
      if (prefix === other || prefix === "mixed") {
        const what = prefix === "mixed" ? "both paper and live accounts" : `a ${other} account`;
        return certain([`The gateway is labelled ${mode}, but its API session shows ${what} (by the account numbers' prefix).`], {
          title: `A gateway labelled ${mode} is logged in to ${what}`,
        });
      }
      if (prefix === mode || look.running === null) return null;
      const said = look.login?.relay?.tradingMode ?? null;
      if (said !== other) return null;
      const because = [`The container's log says trading mode “${said}”, but this gateway is labelled ${mode}.`];
      return look.answering ? likely(because) : certain(because, { light: "relay", title: `The container runs in ${said} mode, but is labelled ${mode}` });
    },
  },
  {
    id: "read-only-api",
    row: 34,
    light: "api",
    state: "degraded",
    word: "read-only",
    title: "The API is read-only: programs can look but not trade",
    repairs: ["open-api-settings"],
    requires: "the box is ticked by IBC's words, its confirmation dialog is open, or an order was refused with 321",
    ruledOutBy: "IBC found it unticked",
    decides: "READ_ONLY_API, and the box in the API settings. It may be meant so: it is also the safe state.",
    when: (look) => {
      if (look.login === null || look.running === null) return null;
      const dialog = look.problem("write-access-dialog-open");
      if (dialog !== null) return certain([`The dialog about write access has been open for ${coarse(look.now - dialog.at)}: an order waits for its answer.`]);
      const notice = look.broker?.notices.find((each) => each.code === 321 && /read.?only/i.test(each.text)) ?? null;
      if (look.login.readOnlyApi === true && look.loggedIn) return certain(["IBC found or set “Read-Only API” to ticked."]);
      return notice === null || look.login.readOnlyApi === false
        ? null
        : likely([`A request was refused with 321, ${coarse(look.now - notice.at)} ago: read-only.`]);
    },
  },
];
