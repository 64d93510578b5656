import { splitWords } from "./config-line.ts";

export interface JumpSpec {
  readonly host: string;
  readonly port: number | null;
  readonly user: string | null;
}

/** `[user@]host[:port][,…]` or `ssh://…`, or `none`. A part that makes no sense is left out of no one's sight: it becomes a host that cannot be resolved. */
export function parseJumps(text: string): JumpSpec[] {
  if (text.toLowerCase() === "none") return [];
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(parseDestination);
}

export function parseDestination(text: string): JumpSpec {
  const bare = text.replace(/^ssh:\/\//i, "").replace(/\/$/, "");
  const at = bare.lastIndexOf("@");
  const user = at > 0 ? bare.slice(0, at) : null;
  const rest = bare.slice(at + 1);
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(rest);
  if (match === null) return { host: rest, port: null, user };
  return { host: match[1] ?? match[2] ?? rest, port: match[3] === undefined ? null : Number(match[3]), user };
}

/** Flags of ssh that take no value and change nothing for `-W`. */
const HARMLESS = /^-[46AaCKknqTtvxXY]+$/;

/** `ssh [-p port] [-l user] -W %h:%p [user@]jump` is a jump in other words. Nothing else is run. */
export function parseProxyCommand(command: string): readonly JumpSpec[] | "unsupported" {
  const words = splitWords(command.trim());
  if (words === null || words.length === 0) return "unsupported";
  if (words[0]?.toLowerCase() === "none") return [];
  if (words[0] === "exec") words.shift();
  if (!/^(?:.*[\\/])?ssh(?:\.exe)?$/i.test(words.shift() ?? "")) return "unsupported";
  let spec: JumpSpec | null = null;
  let port: number | null = null;
  let user: string | null = null;
  let forwards = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "-W" || word.startsWith("-W")) {
      const target = word === "-W" ? words[++at] : word.slice(2);
      if (target !== "%h:%p" && target !== "[%h]:%p") return "unsupported";
      forwards = true;
    } else if (word === "-p") port = Number(words[++at]);
    else if (word === "-l") user = words[++at] ?? null;
    else if (HARMLESS.test(word)) continue;
    else if (word.startsWith("-") || spec !== null) return "unsupported";
    else spec = parseDestination(word);
  }
  if (!forwards || spec === null || (port !== null && !(port >= 1 && port <= 65535))) return "unsupported";
  return [{ host: spec.host, port: spec.port ?? port, user: spec.user ?? user }];
}
