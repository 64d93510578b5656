import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { peer } from "../support/peers.ts";
import { type Daemon, until } from "./processes.ts";
import type { Stack } from "./stack.ts";

/**
 * Who connects to a gateway's relay from outside the containers, by the packets on the containers' bridge: the server's view of Gatelight. (To look
 * at the kernel's table of sockets often enough would cost half a core: it is walked from end to end each time.)
 */

const ESTABLISHED = "01";
const QUEUE_LOOK_MS = 250;

/** One connection of ours at the relay. */
export interface Connect {
  readonly at: number;
  readonly port: string;
  /** Somebody waited in the accept queue by the looks before and after it came: one that empties between two looks may be joined at once. */
  queued: boolean;
}

export class Connections {
  readonly opened: Connect[] = [];
  /** Two were open at one time, neither side of either having sent its end. */
  readonly together: string[] = [];
  private readonly stack: Stack;
  private readonly us: string;
  private pid = 0;
  private readonly begun = new Set<string>();
  private readonly open = new Set<string>();
  /** No look has followed them yet. */
  private readonly unsure: Connect[] = [];
  private looks: { readonly at: number; readonly held: boolean }[] = [];
  private tcpdump: Daemon | null = null;
  private closed: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  private asking: Promise<void> | null = null;

  constructor(stack: Stack) {
    this.stack = stack;
    this.us = `${stack.subnet}.1`;
  }

  /** Those that are there already are not counted as opened. */
  async start(): Promise<void> {
    const { host, relayPort } = this.stack;
    const filter = `host ${this.us} and tcp port ${relayPort} and tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0`;
    const tcpdump = host.daemonInside([peer("tcpdump"), "-i", await this.bridge(), "-n", "-tt", "-l", "--immediate-mode", "-Z", "root", filter]);
    this.tcpdump = tcpdump;
    this.closed = once(tcpdump.child, "close");
    let rest = "";
    tcpdump.child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.packet(line);
    });
    await until(
      () => tcpdump.output.includes("listening on"),
      20_000,
      () => `tcpdump listens\n${tcpdump.output}`,
    );
    await this.findContainer();
    for (const port of this.established()) this.open.add(port);
    this.timer = setInterval(() => this.lookAtQueue(), QUEUE_LOOK_MS);
  }
  async end(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await this.tcpdump?.end();
    await this.closed;
    await this.asking;
  }

  /** @param line `1764000000.123456 IP 172.28.0.1.40000 > 172.28.0.2.4004: Flags [S], …` */
  private packet(line: string): void {
    const [, seconds = "", from = "", to = "", flags = ""] = /^(\d+\.\d+) IP (\S+) > (\S+): Flags \[([^\]]*)\]/.exec(line) ?? [];
    const ours = from.startsWith(`${this.us}.`);
    const port = (ours ? from : to).split(".")[4] ?? "";
    const at = Number(seconds) * 1_000;
    if (/[FR]/.test(flags)) {
      this.begun.delete(port);
      this.open.delete(port);
    } else if (flags === "S" && ours && !this.begun.has(port)) {
      this.begun.add(port);
      const [last, before] = this.looks.filter((look) => look.at < at).toReversed();
      const connect = { at, port, queued: last?.held === true && before?.held === true };
      this.opened.push(connect);
      if (connect.queued && this.looks.at(-1) === last) this.unsure.push(connect);
    } else if (flags === "S." && !ours) {
      this.open.add(port);
      if (this.open.size > 1) this.together.push(`${new Date(at).toISOString().slice(11, 23)} ${[...this.open].join(" ")}`);
    }
  }

  private lookAtQueue(): void {
    if (existsSync(`/proc/${this.pid}/net/tcp6`)) {
      const listener = rows(this.pid, "tcp6").find((words) => words[1]?.endsWith(`:${hex(this.stack.apiPort)}`) && words[3] === "0A");
      const held = Number.parseInt(listener?.[4]?.split(":")[1] ?? "0", 16) > 0;
      this.looks = [...this.looks.slice(-20), { at: Date.now(), held }];
      if (!held) for (const connect of this.unsure) connect.queued = false;
      this.unsure.length = 0;
      return;
    }
    // Another container, or the same one started anew, has another process; what was open ended with the one before.
    this.open.clear();
    this.asking ??= this.findContainer().finally(() => {
      this.asking = null;
    });
  }

  private async findContainer(): Promise<void> {
    this.pid = (await this.stack.state()).pid;
  }

  /** Ports of ours from which a connection to the relay is open now. */
  private established(): string[] {
    const us = this.us.split(".").map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, "0"));
    const from = `${us.reverse().join("")}:`;
    return rows(this.pid, "tcp").flatMap((words) =>
      words[1]?.endsWith(`:${hex(this.stack.relayPort)}`) && words[2]?.startsWith(from) && words[3] === ESTABLISHED
        ? [String(Number.parseInt(words[2].slice(-4), 16))]
        : [],
    );
  }

  /** The containers' network as the host's kernel names it. */
  private async bridge(): Promise<string> {
    const { stdout } = await this.stack.host.inside(["ip", "-o", "-4", "addr", "show", "to", this.us]);
    const name = stdout.trim().split(/\s+/)[1];
    if (name === undefined) throw new Error(`no network has ${this.us}`);
    return name;
  }
}

const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");

function rows(pid: number, table: string): string[][] {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
  } catch {
    // The container has ended meanwhile.
    return [];
  }
}
