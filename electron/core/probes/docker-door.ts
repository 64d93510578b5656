import type { Clock } from "../clock.ts";
import type { HostLink, LineStream } from "../host-link/host-link.ts";

const ASK_MS = 1_000;
const START_DEADLINE_MS = 10_000;

/** Shell builtins alone, so that a look starts no process: a line on standard input asks whether the socket is there. */
const SCRIPT = 'while read -r go; do if [ -S "$1" ]; then echo 1; else echo 0; fi; done';

/** The socket that docker's own complaint names: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?" */
export function socketNamed(message: string): string | null {
  return /\bunix:\/\/(\/[\w./@+-]{1,200}[\w])/.exec(message)?.[1] ?? null;
}

export interface DockerDoorPorts {
  readonly link: Pick<HostLink, "stream">;
  readonly clock: Clock;
  /** Where the daemon's socket should be. */
  readonly path: string;
  /** It appeared. */
  readonly onOpen: () => void;
  readonly onSpawn: () => void;
}

/** Waits at the door of a daemon that is down: one process on the server for as long as it is, which sees the daemon's socket come back within a second. */
export class DockerDoor {
  readonly #ports: DockerDoorPorts;
  readonly #abort = new AbortController();
  #stream: LineStream | null = null;
  #cancel: () => void = () => {};
  #shut = false;

  constructor(ports: DockerDoorPorts) {
    this.#ports = ports;
    void this.#open();
  }

  /** The socket was not there a second ago; its coming will be told. */
  get shut(): boolean {
    return this.#shut;
  }

  dispose(): void {
    this.#abort.abort();
    this.#cancel();
    this.#stream?.close();
    this.#shut = false;
  }

  async #open(): Promise<void> {
    this.#ports.onSpawn();
    try {
      const stream = await this.#ports.link.stream(["sh", "-c", SCRIPT, "gatelight-door", this.#ports.path], {
        deadlineMs: START_DEADLINE_MS,
        signal: this.#abort.signal,
        onLine: (line, source) => source === "stdout" && this.#answered(line.trim()),
        onEnd: () => this.dispose(),
      });
      if (this.#abort.signal.aborted) {
        stream.close();
        return;
      }
      this.#stream = stream;
      this.#ask();
    } catch {
      // Nothing is known of the door then; docker is asked at its own pace.
      this.dispose();
    }
  }

  #ask(): void {
    this.#stream?.write("?");
  }

  #answered(word: string): void {
    if (this.#abort.signal.aborted) return;
    const opened = this.#shut && word === "1";
    this.#shut = word === "0";
    if (opened) this.#ports.onOpen();
    else this.#cancel = this.#ports.clock.after(ASK_MS, () => this.#ask());
  }
}
