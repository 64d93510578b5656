import { type Cause, certain, likely, possible } from "../cause.ts";
import type { Look } from "../look.ts";
import { coarse, duration, list, plural, redact } from "../text.ts";
import { notLoggedIn, quietMs } from "./login.ts";

/** The gateway's own line to IBKR and what comes over it: rows 22, 43, 44 and 46. */

const lineDown = (look: Look) => (look.answering && look.broker?.line === "down" ? look.broker : null);
const code = (value: number | null) => (value === null ? "The gateway says its line to IBKR is down" : `The gateway reported ${value}`);
/** The line was lost within this window, not hours before it. */
const withinWindow = (look: Look, since: number) => look.calendar.window !== null && since >= look.calendar.window.from - 10 * 60_000;

export const BROKER_CAUSES: readonly Cause[] = [
  {
    id: "broker-maintenance",
    row: 22,
    light: "broker",
    state: "down",
    word: "maintenance",
    title: "IBKR is down for its own maintenance",
    repairs: ["wait"],
    requires: "IBKR's calendar has a window open and the line or the log-in is affected, or IBKR's own words “not currently available”",
    ruledOutBy: "the trouble began long before the window; it outlasts the window",
    decides: "IBKR's system status page; the other gateway suffers at the same time.",
    beats: ["broker-unreachable", "broker-lockout", "booting", "farms-down", "container-exited", "wrong-password", "auto-logoff"],
    rivals: ["broker-unreachable", "broker-lockout", "container-exited", "booting"],
    when: (look) => {
      const window = look.calendar.window;
      const said = look.problem("not-available");
      const down = lineDown(look);
      const when =
        window === null
          ? []
          : [`${window.reason} goes on for another ${coarse(window.until - look.now)}${look.calendar.assumed ? ", if the gateway's region is America" : ""}.`];
      const endsAt = window?.until ?? null;
      if (down !== null && withinWindow(look, down.since)) return certain([`${code(down.code)}, ${coarse(look.now - down.since)} ago.`, ...when], { endsAt });
      if (said !== null && notLoggedIn(look)) {
        const because = [`The log says, ${coarse(look.now - said.at)} ago: “${redact(said.text)}”`, ...when];
        return window === null ? likely(because, { light: "login" }) : certain(because, { light: "login", endsAt });
      }
      if (window === null) return null;
      const failedConnect = look.problem("connection-failed");
      if (failedConnect !== null && notLoggedIn(look)) return likely([`The log says: “${redact(failedConnect.text)}”`, ...when], { light: "login", endsAt });
      if (notLoggedIn(look) && look.login?.phase === "authenticating" && quietMs(look) > 60_000) {
        return likely([`The log-in has been waiting for IBKR for ${duration(quietMs(look))}.`, ...when], { light: "login", endsAt });
      }
      const present = look.present;
      if (
        present?.status === "exited" &&
        present.exitCode === 0 &&
        window.kind === "late-exit" &&
        present.finishedAt !== null &&
        withinWindow(look, present.finishedAt) &&
        present.restartPolicy !== "no"
      ) {
        return likely([`The gateway ended normally ${coarse(look.now - present.finishedAt)} ago.`, ...when], { light: "container", endsAt });
      }
      return null;
    },
  },
  {
    id: "broker-unreachable",
    row: 43,
    light: "broker",
    state: "down",
    word: "IBKR lost",
    title: "The gateway has lost its line to IBKR",
    repairs: ["wait", "reconnect-account", "restart-soft"],
    requires: "1100 or 2110 while the API answers, no socket to IBKR though logged in, or “Connection to server failed”",
    ruledOutBy: "1101 or 1102 since; IBKR's calendar (then: broker-maintenance)",
    decides: "The server's own internet: can it reach the host named in jts.ini as Peer?",
    beats: ["farms-down", "account-data-silent", "booting"],
    rivals: ["kicked-out", "broker-maintenance", "farms-down"],
    when: (look) => {
      const down = lineDown(look);
      const lines = look.sockets?.brokerLines ?? null;
      const none = lines === 0 ? ["No established connection to IBKR's ports 4000 or 4001."] : [];
      if (down !== null) return certain([`${code(down.code)}, ${coarse(look.now - down.since)} ago; the API itself answers.`, ...none]);
      const ready = look.api?.kind === "ready" ? look.now - look.api.since : 0;
      const proven = look.account?.completeAt != null && look.account.completeAt >= look.now - 60_000;
      if (look.answering && lines === 0 && look.broker?.line !== "up" && ready > 15_000 && !proven) return likely([...none, "The API itself answers."]);
      const said = look.problem("connection-failed");
      if (said !== null && notLoggedIn(look))
        return likely([`The log says, ${coarse(look.now - said.at)} ago: “${redact(said.text)}”`], {
          light: "login",
          word: "no IBKR",
          title: "The gateway cannot reach IBKR to log in",
        });
      return null;
    },
  },
  {
    id: "farms-down",
    row: 44,
    light: "broker",
    state: "degraded",
    word: "farm down",
    title: "Some of IBKR's data farms are down",
    repairs: ["wait", "reconnect-data"],
    requires: "2103, 2105 or 2157 without the farm's “ok” since",
    ruledOutBy: "inactive farms (2107, 2108: connected on demand); 1100",
    decides: "RECONNECTDATA brings it back if only this gateway is affected.",
    when: (look) => {
      if (!look.answering || look.broker === null || look.broker.line === "down") return null;
      // One that was down before we connected is told at once; one that was just lost may be back in a moment.
      const since = look.api?.kind === "ready" ? look.api.since : look.now;
      const down = look.broker.farms.filter((farm) => farm.state === "down" && (look.now - farm.at > 15_000 || farm.at - since < 3_000));
      if (down.length === 0) return null;
      const window = look.calendar.window;
      return certain(
        [`${plural(down.length, "farm")} down: ${list(down.map((farm) => `${redact(farm.name)} (${farm.kind}) for ${coarse(look.now - farm.at)}`))}.`],
        {
          word: `${down.length} farm${down.length === 1 ? "" : "s"} down`,
          endsAt: window?.until ?? null,
        },
      );
    },
  },
  {
    id: "account-data-silent",
    row: 46,
    light: "account",
    state: "degraded",
    word: "no data",
    title: "The API answers, but account data does not come",
    repairs: ["resubscribe", "restart-soft"],
    requires: "account data was asked for and has not been completed while the heartbeat is answered",
    ruledOutBy: "a complete answer since; the line to IBKR is down",
    decides: "Asking again: if that ends too, the gateway's account feed is stuck.",
    when: (look) => {
      const account = look.account;
      if (!look.answering || account === null || look.broker?.line === "down") return null;
      const waiting = look.now - account.requestedAt;
      const open = account.completeAt === null || (account.completeAt < account.requestedAt && (account.lastUpdateAt ?? 0) < account.requestedAt);
      const taken = look.broker?.notices.find((notice) => notice.code === 2100 && look.now - notice.at < 10 * 60_000) ?? null;
      const other = taken === null ? [] : ["Notice 2100: another program has taken the account updates."];
      if (!open || waiting < 6_000) return null;
      const because = [`Account data was asked for ${duration(waiting)} ago and is not complete; the heartbeat is answered.`, ...other];
      return waiting > 60_000 ? certain(because) : waiting > 10_000 ? likely(because) : possible(because, { state: "connecting", word: "loading" });
    },
  },
];
