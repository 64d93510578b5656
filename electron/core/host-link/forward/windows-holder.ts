import { isUtf8 } from "node:buffer";
import { win32 } from "node:path";
import { holderText, inTheWay } from "./holder-text.ts";
import type { RunProgram } from "./run-program.ts";

/** What netstat shows as the other side of a listener, in every language. */
const NOBODY = new Set(["0.0.0.0:0", "[::]:0"]);

export interface NetstatListener {
  readonly pid: number;
  /** Without the port: `127.0.0.1`, `[::1]`, `0.0.0.0`. */
  readonly address: string;
}

/** Who listens on a TCP port: netstat knows the process, tasklist its name. @returns `null` when it cannot be known */
export async function windowsHolder(port: number, run: RunProgram): Promise<string | null> {
  // Not `-p TCP`, which leaves out IPv6.
  const table = await run(system32("netstat.exe"), ["-ano"]);
  const holder = table === null ? null : inTheWay(netstatListeners(table, port));
  if (holder === null) return null;
  const tasks = await run(system32("tasklist.exe"), ["/FI", `PID eq ${holder.pid}`, "/FO", "CSV", "/NH"]);
  return holderText(tasks === null ? null : taskName(tasks, holder.pid), holder.pid);
}

/**
 * Listeners on a port in the output of `netstat -ano`: `TCP local foreign state pid`. Heading and state are in the user's language and in
 * the console's code page, and a state may be several words: a listener is known by its foreign address, the pid by its place at the end.
 */
export function netstatListeners(output: Buffer, port: number): NetstatListener[] {
  const found: NetstatListener[] = [];
  for (const line of output.toString("latin1").split("\n")) {
    const columns = line.trim().split(/\s+/);
    const [protocol, local = "", foreign = ""] = columns;
    const pid = columns.at(-1) ?? "";
    if (protocol !== "TCP" || columns.length < 5 || !NOBODY.has(foreign) || !local.endsWith(`:${port}`) || !/^[1-9]\d{0,9}$/.test(pid)) continue;
    found.push({ pid: Number(pid), address: local.slice(0, local.lastIndexOf(":")) });
  }
  return found;
}

/**
 * Name of a process in the output of `tasklist /FO CSV /NH`: `"ssh.exe","4711","Console","1","9.876 K"`; a sentence where there is none.
 * @returns `null` where it is not there, or has letters of a code page that is not known here
 */
export function taskName(output: Buffer, pid: number): string | null {
  for (const line of output.toString("latin1").split("\n")) {
    const [, name = "", id] = /^"([^"]+)","(\d+)",/.exec(line) ?? [];
    if (id !== String(pid)) continue;
    const bytes = Buffer.from(name, "latin1");
    return isUtf8(bytes) ? bytes.toString("utf8") : null;
  }
  return null;
}

function system32(program: string): string {
  return win32.join(process.env.SystemRoot ?? "C:\\Windows", "System32", program);
}
