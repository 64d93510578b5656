import type { ProcessesFact, ProcessState } from "../diagnosis/evidence.ts";

/** Never `args`: x11vnc is started with the screen's password on its command line. */
export function topArgv(docker: string, name: string): string[] {
  return [docker, "top", name, "-eo", "pid,stat,comm"];
}

/** The table of `docker top … -eo pid,stat,comm`. @returns `null` when its head is not there */
export function parseTop(stdout: string): ProcessesFact | null {
  const lines = stdout.split("\n").slice(0, 2000);
  if (!/^\s*PID\s+STAT?\s+C/i.test(lines[0] ?? "")) return null;
  const found = lines.slice(1).flatMap((line) => {
    const match = /^\s*\d+\s+(\S+)\s+(.+?)\s*$/.exec(line.slice(0, 512));
    return match?.[1] === undefined || match[2] === undefined ? [] : [{ state: match[1], name: match[2] }];
  });
  const of = (name: RegExp): ProcessState => {
    const states = found.filter((one) => name.test(one.name)).map((one) => stateOf(one.state));
    // Several of a kind (socat forks one a connection): the one that works speaks for all.
    return states.find((one) => one === "running") ?? states.find((one) => one === "stopped") ?? states[0] ?? "absent";
  };
  return { java: of(/^java\b/), socat: of(/^socat\d*\b/), x11vnc: of(/^x11vnc\b/), xvfb: of(/^Xvfb\b/i) };
}

/** First letter of ps' STAT: T stopped by a signal, t by a debugger, Z and X dead. */
function stateOf(stat: string): ProcessState {
  if (stat.startsWith("T") || stat.startsWith("t")) return "stopped";
  return stat.startsWith("Z") || stat.startsWith("X") ? "zombie" : "running";
}
