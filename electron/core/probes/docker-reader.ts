import type { DockerFact, PresentContainer, ProcessesFact } from "../diagnosis/evidence.ts";
import type { ExecResult, HostLink } from "../host-link/host-link.ts";
import { dockerFault, dockerFaultOf } from "./docker-errors.ts";
import { dockerTime, inspectArgv, parseInspect } from "./docker-inspect.ts";
import { parseTop, topArgv } from "./docker-top.ts";

const DEADLINE_MS = 10_000;
const EXEC_DEADLINE_MS = 4_500;

export type InspectAnswer =
  | { readonly kind: "ok"; readonly found: readonly PresentContainer[] }
  | { readonly kind: "fault"; readonly fact: Exclude<DockerFact, { kind: "ok" }> }
  /** The link is at fault; docker is not judged. */
  | { readonly kind: "unknown" };

/** The short docker commands of watching, one after the other: an SSH server allows ten sessions a connection, and the streams take some. */
export class DockerReader {
  readonly docker: string;
  readonly #link: Pick<HostLink, "exec">;
  readonly #signal: AbortSignal;
  readonly #onSpawn: () => void;
  #queue: Promise<unknown> = Promise.resolve();

  /** @param onSpawn called for each process started on the server */
  constructor(link: Pick<HostLink, "exec">, docker: string, signal: AbortSignal, onSpawn: () => void) {
    this.#link = link;
    this.docker = docker;
    this.#signal = signal;
    this.#onSpawn = onSpawn;
  }

  /** With no name (a server just added) docker itself is looked at. */
  async inspect(names: readonly string[]): Promise<InspectAnswer> {
    try {
      const result = await this.#run(names.length === 0 ? this.#listArgv : inspectArgv(this.docker, names), DEADLINE_MS);
      const found = parseInspect(result.stdout);
      const fact = dockerFault(result);
      return fact === null || found.length > 0 ? { kind: "ok", found } : { kind: "fault", fact };
    } catch (error) {
      const fact = dockerFaultOf(error);
      return fact === null ? { kind: "unknown" } : { kind: "fault", fact };
    }
  }

  /** Names of all containers, running or not; `null` when docker does not say. */
  async names(): Promise<string[] | null> {
    const result = await this.#try(this.#listArgv, DEADLINE_MS);
    if (result === null || result.code !== 0) return null;
    return result.stdout
      .split("\n")
      .map((line) => line.trim().slice(0, 128))
      .filter((line) => line !== "")
      .slice(0, 100);
  }

  /** Docker's version and the server's clock (ms since the epoch), as far as they can be had. */
  async server(): Promise<{ version: string | null; clock: number | null }> {
    const result = await this.#try([this.docker, "info", "--format", "{{json .ServerVersion}} {{json .SystemTime}}"], DEADLINE_MS);
    const match = /^"([^"]{0,64})" "([^"]{0,64})"\s*$/.exec(result?.stdout ?? "");
    return { version: match?.[1] || null, clock: match?.[2] === undefined ? null : dockerTime(match[2]) };
  }

  /** The server's clock by `date`, whole seconds: where docker does not tell. */
  async date(): Promise<number | null> {
    const result = await this.#try(["date", "+%s"], EXEC_DEADLINE_MS);
    const match = /^(\d{9,11})\s*$/.exec(result?.stdout ?? "");
    return match === null ? null : Number(match[1]) * 1000;
  }

  async processes(name: string): Promise<ProcessesFact | null> {
    const result = await this.#try(topArgv(this.docker, name), DEADLINE_MS);
    return result === null || result.code !== 0 ? null : parseTop(result.stdout);
  }

  /** Texts of files inside a container, one after the other; those that are not there are left out. `null` when nothing came. */
  cat(name: string, paths: readonly string[]): Promise<string | null> {
    return this.inside(name, ["cat", ...paths]);
  }

  /** What a program of the container prints, as far as it goes. `null` when nothing came. */
  async inside(name: string, argv: readonly string[]): Promise<string | null> {
    const result = await this.#try([this.docker, "exec", name, ...argv], EXEC_DEADLINE_MS);
    return result === null || result.stdout === "" ? null : result.stdout;
  }

  get #listArgv(): string[] {
    return [this.docker, "ps", "-a", "--format", "{{.Names}}"];
  }

  async #try(argv: readonly string[], deadlineMs: number): Promise<ExecResult | null> {
    try {
      return await this.#run(argv, deadlineMs);
    } catch {
      // Not known is an answer here; what is wrong with docker or the link is told by inspect and by the link itself.
      return null;
    }
  }

  #run(argv: readonly string[], deadlineMs: number): Promise<ExecResult> {
    const next = this.#queue.then(() => {
      this.#signal.throwIfAborted();
      this.#onSpawn();
      return this.#link.exec(argv, { deadlineMs, signal: this.#signal, maxBytes: 1 << 20 });
    });
    this.#queue = next.catch(() => undefined);
    return next;
  }
}
