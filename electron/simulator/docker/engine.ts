import { createHash } from "node:crypto";
import type { ProcWriter } from "../net/proc-writer.ts";
import type { VirtualNet } from "../net/virtual-net.ts";
import type { SimClock } from "../sim-clock.ts";
import { Container, type ContainerProgram, type ContainerSpec } from "./container.ts";

export interface DockerEvent {
  readonly at: number;
  readonly type: "container" | "image" | "volume";
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One container that compose can create anew: its spec and what runs in it. */
export interface Blueprint {
  readonly spec: () => ContainerSpec;
  readonly program: (container: Container) => ContainerProgram;
  readonly address: string;
}

export type DockerFault = "down" | "permission" | "missing-program";

export class DockerEngine {
  readonly containers = new Map<string, Container>();
  readonly blueprints = new Map<string, Blueprint>();
  /** Image reference → id. */
  readonly images = new Map<string, string>();
  /** Ids of images whose reference went to a newer one. */
  readonly dangling = new Set<string>();
  readonly volumes = new Set<string>();
  /** The daemon does not answer, or this user may not ask it. */
  #fault: DockerFault | null = null;
  readonly #faultListeners = new Set<() => void>();
  readonly clock: SimClock;
  readonly net: VirtualNet;
  readonly #proc: ProcWriter;
  readonly #listeners = new Set<(event: DockerEvent) => void>();
  /** Called when published ports may have changed. */
  onPublish: (container: Container) => void = () => undefined;
  /** A newer image is there. */
  onPulled: (reference: string) => void = () => undefined;
  /** A volume was wiped: what was saved on it is gone. */
  onVolumeRemoved: (name: string) => void = () => undefined;
  #pulls = 0;

  constructor(options: { clock: SimClock; net: VirtualNet; proc: ProcWriter }) {
    this.clock = options.clock;
    this.net = options.net;
    this.#proc = options.proc;
  }

  get fault(): DockerFault | null {
    return this.#fault;
  }
  /** Streams that run now end, as they do when the daemon goes. */
  setFault(fault: DockerFault | null): void {
    this.#fault = fault;
    if (fault !== null) for (const listener of [...this.#faultListeners]) listener();
  }
  /** Resolves at the next fault or when the caller goes. */
  broken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#faultListeners.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#faultListeners.add(done);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
    });
  }

  onEvent(listener: (event: DockerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(type: DockerEvent["type"], action: string, id: string, attributes: Record<string, string>): void {
    const event = { at: this.clock.now(), type, action, id, attributes };
    for (const listener of this.#listeners) listener(event);
  }

  imageId(reference: string): string {
    const known = this.images.get(reference);
    if (known !== undefined) return known;
    const id = `sha256:${createHash("sha256").update(reference).digest("hex")}`;
    this.images.set(reference, id);
    return id;
  }

  /** A newer image under the same reference. */
  pull(reference: string): string {
    this.#pulls += 1;
    const id = `sha256:${createHash("sha256").update(`${reference} ${this.#pulls}`).digest("hex")}`;
    const before = this.images.get(reference);
    if (before !== undefined) this.dangling.add(before);
    this.images.set(reference, id);
    this.onPulled(reference);
    this.emit("image", "pull", reference, { name: reference });
    return id;
  }

  /** By name, full id or unambiguous beginning of an id. */
  find(name: string): Container | null {
    const plain = name.startsWith("/") ? name.slice(1) : name;
    const exact = this.containers.get(plain);
    if (exact !== undefined) return exact;
    if (!/^[0-9a-f]{4,64}$/.test(plain)) return null;
    const found = [...this.containers.values()].filter((container) => container.id.startsWith(plain));
    return found.length === 1 ? (found[0] ?? null) : null;
  }

  /** @throws Error when there is no such blueprint or the name is taken */
  create(name: string, createdAt = this.clock.now()): Container {
    const blueprint = this.blueprints.get(name);
    if (blueprint === undefined) throw new Error(`no such service: ${name}`);
    if (this.containers.has(name)) throw new Error(`Conflict. The container name "/${name}" is already in use`);
    const spec = blueprint.spec();
    const container = new Container(spec, {
      namespace: this.net.add(name, blueprint.address),
      clock: this.clock,
      createdAt,
      imageId: this.imageId(spec.image),
      events: (from, action) => this.#event(from, action),
    });
    container.program = blueprint.program(container);
    this.containers.set(name, container);
    for (const mount of spec.mounts) if (mount.type === "volume") this.volumes.add(mount.name);
    this.#event(container, "create");
    return container;
  }

  remove(container: Container): void {
    container.stop(137);
    this.net.remove(container.namespace);
    this.containers.delete(container.spec.name);
    this.#event(container, "destroy");
  }

  removeVolume(name: string): void {
    if (this.volumes.delete(name)) this.onVolumeRemoved(name);
    this.emit("volume", "destroy", name, { driver: "local" });
  }

  dispose(): void {
    for (const container of this.containers.values()) {
      container.dispose();
      this.net.remove(container.namespace);
    }
    this.#listeners.clear();
  }

  #event(container: Container, action: string): void {
    if (action === "start") this.#proc.setPid(container.namespace, container.pid);
    if (action === "die") this.#proc.setPid(container.namespace, null);
    const attributes: Record<string, string> = { ...container.spec.labels, image: container.spec.image, name: container.spec.name };
    if (action === "die") attributes.exitCode = String(container.exitCode);
    this.emit("container", action, container.id, attributes);
    if (action === "start" || action === "die" || action === "destroy") this.onPublish(container);
  }
}
