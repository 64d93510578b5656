export interface LogEntry {
  readonly at: number;
  readonly source: "stdout" | "stderr";
  readonly text: string;
}

const LIMIT = 20_000;

/** What the container's processes wrote, as Docker's json-file driver keeps it. */
export class LogStore {
  #entries: LogEntry[] = [];
  readonly #followers = new Set<(entry: LogEntry) => void>();

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  write(at: number, text: string, source: LogEntry["source"] = "stdout"): void {
    for (const line of text.split("\n")) {
      const entry: LogEntry = { at, source, text: line };
      this.#entries.push(entry);
      for (const follower of this.#followers) follower(entry);
    }
    if (this.#entries.length > LIMIT) this.#entries = this.#entries.slice(-LIMIT / 2);
  }

  follow(follower: (entry: LogEntry) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  clear(): void {
    this.#entries = [];
  }
}
