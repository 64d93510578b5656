import { existsSync, readFileSync } from "node:fs";
import type { Stack } from "./stack.ts";

/** Who is connected to a gateway's relay from outside the containers, as the relay's own kernel tells it: the server's view of Gatelight. */

const LOOK_MS = 15;
const ESTABLISHED = "01";

/** One connection of ours at the relay. */
export interface Connect {
  readonly at: number;
  readonly port: string;
  /** Somebody waited in the accept queue before it came and after. */
  readonly queued: boolean;
}

export class Connections {
  readonly opened: Connect[] = [];
  /** Two were open at one time, neither side of either having sent its end. */
  readonly together: string[] = [];
  private readonly stack: Stack;
  private readonly from: string;
  private readonly relay: string;
  private pid = 0;
  private known = new Set<string>();
  private queuedBefore = false;
  private timer: NodeJS.Timeout | null = null;
  private asking: Promise<void> | null = null;

  constructor(stack: Stack) {
    this.stack = stack;
    const [a = 0, b = 0, c = 0] = stack.subnet.split(".").map(Number);
    this.from = [1, c, b, a].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
    this.relay = hex(stack.relayPort);
  }

  /** Those that are there already are not counted as opened. */
  async start(): Promise<void> {
    await this.findContainer();
    this.known = new Set(this.ours().map((one) => one.port));
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }
  async end(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await this.asking;
  }

  private look(): void {
    if (!existsSync(`/proc/${this.pid}/net/tcp`)) {
      // Another container, or the same one started anew, has another.
      this.asking ??= this.findContainer().finally(() => {
        this.asking = null;
      });
      return;
    }
    const now = this.ours();
    const queued = this.queued();
    for (const { port } of now) {
      if (this.known.has(port)) continue;
      this.known.add(port);
      this.opened.push({ at: Date.now(), port, queued: queued && this.queuedBefore });
    }
    this.queuedBefore = queued;
    const open = now.filter((one) => one.open);
    if (open.length < 2) return;
    // The table is not read at one moment: only those that are all there when it is read again were there together.
    const again = this.ours().filter((one) => one.open && open.some(({ port }) => port === one.port));
    if (again.length > 1) this.together.push(`${new Date().toISOString().slice(11, 23)} ${again.map(({ port }) => port).join(" ")}`);
  }

  private async findContainer(): Promise<void> {
    this.pid = (await this.stack.state()).pid;
    this.known.clear();
  }

  /** Once either end was closed (a FIN sent or received) a connection is in another state, and for a minute in one of these. */
  private ours(): { readonly port: string; readonly open: boolean }[] {
    return rows(this.pid, "tcp").flatMap((words) =>
      words[1]?.endsWith(`:${this.relay}`) && words[2]?.startsWith(`${this.from}:`) ? [{ port: words[2].slice(-4), open: words[3] === ESTABLISHED }] : [],
    );
  }

  private queued(): boolean {
    const listener = rows(this.pid, "tcp6").find((words) => words[1]?.endsWith(`:${hex(this.stack.apiPort)}`) && words[3] === "0A");
    return Number.parseInt(listener?.[4]?.split(":")[1] ?? "0", 16) > 0;
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
