import type { Clock } from "../clock.ts";
import type { GatewayTarget } from "../diagnosis/evidence.ts";
import type { HostLink, LineStream } from "../host-link/host-link.ts";
import { type LookAnswer, LookReader } from "./look-answer.ts";
import { LOOK_SCRIPT } from "./look-script.ts";

const START_DEADLINE_MS = 10_000;

export interface LookLoopPorts {
  readonly link: Pick<HostLink, "stream">;
  readonly clock: Clock;
  /** Called once when the loop ended by itself (link lost, no sh, forbidden); never after `dispose`. */
  readonly onEnd: (reason: string) => void;
}

interface Waiting {
  readonly pid: number;
  readonly settle: (answer: LookAnswer | null) => void;
}

/** One run of the look script on the server: asks, and gives each answer to its asker. */
export class LookLoop {
  readonly #ports: LookLoopPorts;
  readonly #reader = new LookReader();
  readonly #waiting = new Map<number, Waiting>();
  readonly #abort = new AbortController();
  #stream: LineStream | null = null;
  #tag = 0;
  #over = false;

  constructor(ports: LookLoopPorts) {
    this.#ports = ports;
  }

  /** @throws ExecError when the script cannot be started */
  async start(): Promise<void> {
    const stream = await this.#ports.link.stream(["sh", "-c", LOOK_SCRIPT, "gatelight-look"], {
      deadlineMs: START_DEADLINE_MS,
      signal: this.#abort.signal,
      onLine: (line, source) => {
        if (source === "stdout") this.#line(line);
      },
      onEnd: (end) => this.#end(end.reason),
    });
    if (this.#over) stream.close();
    else this.#stream = stream;
  }

  get alive(): boolean {
    return this.#stream !== null && !this.#over;
  }

  /**
   * One look at the sockets of a process' network namespace. No process is started by it.
   * @param more also the counters of dropped connections and whether an X server listens
   * @returns `null` when no answer came within the deadline or the loop is not running; the loop is ended then, for its answers lag behind
   */
  look(pid: number, ports: GatewayTarget["ports"], more: boolean, deadlineMs: number): Promise<LookAnswer | null> {
    const stream = this.#stream;
    if (stream === null || this.#over) return Promise.resolve(null);
    const tag = ++this.#tag;
    return new Promise((resolve) => {
      const cancel = this.#ports.clock.after(deadlineMs, () => {
        this.#waiting.delete(tag);
        resolve(null);
        this.#end("no answer");
      });
      this.#waiting.set(tag, {
        pid,
        settle: (answer) => {
          cancel();
          this.#waiting.delete(tag);
          resolve(answer);
        },
      });
      stream.write([tag, pid, hexPort(ports.api), hexPort(ports.relay), hexPort(ports.vnc), more ? 1 : 0].join(" "));
    });
  }

  dispose(): void {
    if (this.#over) return;
    this.#over = true;
    this.#close();
  }

  #line(line: string): void {
    const answer = this.#reader.feed(line, (tag) => this.#waiting.get(tag)?.pid ?? null);
    if (answer !== null) this.#waiting.get(answer.tag)?.settle(answer);
  }

  #end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#close();
    this.#ports.onEnd(reason);
  }

  #close(): void {
    this.#abort.abort();
    this.#stream?.close();
    this.#stream = null;
    for (const waiting of [...this.#waiting.values()]) waiting.settle(null);
  }
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
