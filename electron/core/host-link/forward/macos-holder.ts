import { holderText, inTheWay } from "./holder-text.ts";
import type { RunProgram } from "./run-program.ts";

const LSOF = "/usr/sbin/lsof";

export interface LsofListener {
  readonly pid: number;
  readonly name: string;
  /** Without the port: `127.0.0.1`, `[::1]` or `*`. */
  readonly address: string;
}

/** Who listens on a TCP port, asked of lsof, which shows a user's own processes only. @returns `null` when it cannot be known */
export async function macosHolder(port: number, run: RunProgram): Promise<string | null> {
  const output = await run(LSOF, ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpcn"]);
  const holder = output === null ? null : inTheWay(lsofListeners(output, port));
  return holder === null ? null : holderText(holder.name, holder.pid);
}

/**
 * Listeners on a port in the field output of lsof ("OUTPUT FOR OTHER PROGRAMS" in lsof(8)): a field a line, told by its first character;
 * `p` (pid) begins a process, `c` is its name, `n` the address of each of its sockets. Other fields are passed over.
 */
export function lsofListeners(output: Buffer, port: number): LsofListener[] {
  const found: LsofListener[] = [];
  let pid = 0;
  let name = "";
  for (const line of output.toString("latin1").split("\n")) {
    const value = line.slice(1);
    if (line[0] === "p") {
      pid = /^\d{1,10}$/.test(value) ? Number(value) : 0;
      name = "";
    } else if (line[0] === "c") name = unescaped(value);
    else if (line[0] === "n" && pid > 0 && value.endsWith(`:${port}`)) found.push({ pid, name, address: value.slice(0, value.lastIndexOf(":")) });
  }
  return found;
}

/** lsof writes `\\`, `\n` and the like, and where LANG is not set, as for an app started from the Dock, each byte of a letter beyond ASCII as `\xc3`. */
function unescaped(text: string): string {
  const bytes = text.replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, hex?: string, sign?: string) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : sign === "\\" ? "\\" : " ",
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
