import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Namespace } from "./namespace.ts";
import { procNetFile } from "./proc-tables.ts";
import type { VirtualNet } from "./virtual-net.ts";

const FILES = ["tcp", "tcp6", "netstat", "unix"] as const;

/**
 * Keeps `<dir>/<pid>/net/*` true, for scripts that read `${GATELIGHT_PROC:-/proc}/<pid>/net/…`. Files are replaced by rename, so that a reader
 * never sees half a table. Changes within one turn of the event loop are written once.
 */
export class ProcWriter {
  readonly #dir: string;
  readonly #net: VirtualNet;
  readonly #pids = new Map<Namespace, number>();
  readonly #dirty = new Set<Namespace>();
  readonly #last = new Map<string, string>();
  readonly #stopListening: () => void;
  #scheduled = false;
  #disposed = false;

  constructor(dir: string, net: VirtualNet) {
    this.#dir = dir;
    this.#net = net;
    mkdirSync(dir, { recursive: true });
    this.#stopListening = net.onChange((namespace) => this.#mark(namespace));
  }

  /** The first process of a namespace, or `null` when it ended. */
  setPid(namespace: Namespace, pid: number | null): void {
    const old = this.#pids.get(namespace);
    if (old !== undefined && old !== pid) {
      this.#pids.delete(namespace);
      rmSync(join(this.#dir, String(old)), { recursive: true, force: true });
      for (const name of FILES) this.#last.delete(`${old}/net/${name}`);
    }
    if (pid === null) return;
    this.#pids.set(namespace, pid);
    mkdirSync(join(this.#dir, String(pid), "net"), { recursive: true });
    this.#write(namespace, pid);
  }

  dispose(): void {
    this.#disposed = true;
    this.#stopListening();
  }

  #mark(namespace: Namespace): void {
    if (this.#disposed) return;
    this.#dirty.add(namespace);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#disposed) return;
      for (const changed of this.#dirty) {
        const pid = this.#pids.get(changed);
        if (pid !== undefined) this.#write(changed, pid);
      }
      this.#dirty.clear();
    });
  }

  #write(namespace: Namespace, pid: number): void {
    const now = this.#net.clock.now();
    namespace.sweep(now);
    for (const name of FILES) {
      const text = procNetFile(namespace, name, now) ?? "";
      const key = `${pid}/net/${name}`;
      if (this.#last.get(key) === text) continue;
      this.#last.set(key, text);
      const file = join(this.#dir, key);
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    }
  }
}
