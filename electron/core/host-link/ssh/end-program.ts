import type { ClientChannel } from "ssh2";

/**
 * Ends a program on the server and closes its channel. sshd ends a program without a terminal only when asked to (and, in a session of
 * root's, not even then: session.c, session_signal_req); closing alone leaves it running until it next writes.
 */
export function endProgram(channel: ClientChannel): void {
  try {
    channel.signal.call(stillOpen(channel), "TERM");
  } finally {
    channel.destroy();
    channel.resume();
    channel.stderr.resume();
  }
}

/**
 * ssh2 (1.17, lib/Channel.js, `signal`) says nothing once our end of standard input was sent, though a signal may follow it (RFC 4254 §6.9).
 * It is shown a channel whose input is still open.
 */
function stillOpen(channel: ClientChannel): ClientChannel {
  return new Proxy(channel, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      const outgoing: unknown = Reflect.get(target, "outgoing");
      if (typeof outgoing !== "object" || outgoing === null || Reflect.get(outgoing, "state") !== "eof") return value;
      return key === "writable" ? true : key === "outgoing" ? { ...outgoing, state: "open" } : value;
    },
  });
}
