import { type Cause, certain, likely, possible } from "../cause.ts";
import type { Look } from "../look.ts";
import { duration, redact } from "../text.ts";

/** The way to the server: rows 1, 2 and 5. All of them cut everything behind off at once. */

const told = (look: Look): string[] => {
  const failure = look.linkFailure;
  if (failure === null) return [];
  const next =
    look.link.kind === "waiting"
      ? [`Attempt ${look.link.attempt} failed; another follows by itself.`]
      : look.link.kind === "connecting"
        ? [`Attempt ${look.link.attempt} is under way.`]
        : [];
  return [redact(failure.message), ...(failure.details ?? []).map(redact), ...next];
};
/** TCP connected; what is behind it says nothing, or nothing more. */
const mute = (look: Look) => !["config", "resolve", "tcp"].includes(look.linkFailure?.stage ?? "tcp");
const reason = (look: Look) => look.linkFailure?.reason ?? null;

/** A silence this long is named; a shorter one is only waited for. */
const NAMED_MS = 4_500;

export const SERVER_CAUSES: readonly Cause[] = [
  {
    id: "name-not-found",
    row: 1,
    light: "server",
    state: "down",
    word: "no such name",
    title: "The server's name cannot be resolved",
    repairs: ["wait"],
    requires: "name resolution failed",
    ruledOutBy: "an address was found",
    decides: "The server's address in place of its name: if that connects, only the name is at fault.",
    when: (look) => (reason(look) === "name-not-found" ? certain(told(look)) : null),
  },
  {
    id: "host-key-unknown",
    row: 2,
    light: "server",
    state: "needs-you",
    word: "unknown key",
    title: "The server's host key has not been confirmed yet",
    repairs: ["wait"],
    requires: "the server's key is in no known_hosts file",
    ruledOutBy: "another key of this host is known (then: host-key-changed)",
    decides: "The fingerprint shown by the server itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    when: (look) => (reason(look) === "host-key-unknown" ? certain(told(look)) : null),
  },
  {
    id: "host-key-changed",
    row: 2,
    light: "server",
    state: "down",
    word: "key changed",
    title: "The server shows another host key than before, so nothing was sent to it",
    repairs: ["wait"],
    requires: "known_hosts holds another key, or this one as revoked",
    ruledOutBy: "the key matches",
    decides: "Was the server reinstalled? If not, someone may stand in between.",
    when: (look) => (reason(look) === "host-key-changed" || reason(look) === "host-key-revoked" ? certain(told(look)) : null),
  },
  {
    id: "ssh-auth-failed",
    row: 2,
    light: "server",
    state: "needs-you",
    word: "log-in refused",
    title: "SSH log-in was refused",
    repairs: ["wait"],
    requires: "banner and host key were fine, every offered way to log in was refused",
    ruledOutBy: "failure before the banner",
    decides: "ssh -v with the same user and key from this machine.",
    when: (look) => (reason(look) === "auth-failed" || (reason(look) === "config" && look.linkFailure?.stage === "auth") ? certain(told(look)) : null),
  },
  {
    id: "tunnel-half-open",
    row: 5,
    light: "server",
    state: "down",
    word: "silent",
    title: "The SSH connection went silent without being closed",
    repairs: ["wait"],
    requires: "pings of a connection that was up stayed unanswered, and nothing else came through it",
    ruledOutBy: "a single byte through the same connection",
    decides: "Facts from the server: if they are fresh while the API is silent, the gateway is at fault and not the line.",
    rivals: ["server-unreachable", "gateway-hung"],
    when: (look) => {
      if (reason(look) === "silent") return certain(told(look));
      if (reason(look) === "timeout" && mute(look)) {
        return look.linkFailure?.stage === "banner" ? possible(["The server accepts the connection, but its SSH says nothing."]) : likely(told(look));
      }
      const quiet = look.lineQuietMs ?? 0;
      if (quiet < NAMED_MS) return null;
      return likely([`Nothing has come through the SSH connection for ${duration(quiet)}, not even the answer to a ping, yet it counts as open.`], {
        state: "connecting",
      });
    },
  },
  {
    id: "server-unreachable",
    row: 1,
    light: "server",
    state: "down",
    word: "unreachable",
    title: "The server cannot be reached",
    repairs: ["wait"],
    requires: "no SSH connection: unreachable, refused, timed out, lost or no SSH server there",
    ruledOutBy: "an SSH banner and host key were received",
    decides: "Ping the server; look whether it is on and whether this machine is in its network.",
    when: (look) => {
      const why = reason(look);
      if (why === "timeout" && mute(look) && look.linkFailure?.stage !== "banner") return null;
      if (why === "unreachable" || why === "timeout" || why === "refused") return certain(told(look), { word: why });
      if (why === "lost") return likely(told(look), { word: "lost" });
      if (why === "not-ssh" || why === "no-common-algorithm") return likely(told(look), { word: "no SSH" });
      if (why === "config" && look.linkFailure?.stage !== "auth") return likely(told(look), { word: "settings" });
      return null;
    },
  },
];
