import { MAX_ROWS, type ProcNet, parseSocketWords, type ScreenSign, type SocketRow } from "./proc-net.ts";

export type LookAnswer =
  | { readonly tag: number; readonly kind: "table"; readonly table: ProcNet; readonly cut: boolean }
  | { readonly tag: number; readonly kind: "none"; readonly why: "gone" | "unreadable" | "bad" };

/**
 * Puts the lines of the look script together again. Knows each process id's last table, so that a short "same" becomes a whole answer.
 * Lines that belong to no frame, malformed rows and what exceeds {@link MAX_ROWS} are left out.
 */
export class LookReader {
  readonly #known = new Map<number, ProcNet>();
  #rows: SocketRow[] = [];
  #overflows: number | null = null;
  #drops: number | null = null;
  #xServer: boolean | null = null;
  #screen: ScreenSign | null = null;
  #java: string | null = null;

  /**
   * @param pidOf which process id a tag asked about; `null` for a tag that nobody waits for
   * @returns the answer that this line completes, else `null`
   */
  feed(line: string, pidOf: (tag: number) => number | null): LookAnswer | null {
    const words = line.slice(0, 512).split(" ");
    switch (words[0]) {
      case "4":
      case "6": {
        const row = parseSocketWords(words[1] ?? "", words[2] ?? "", words[3] ?? "", words[4] ?? "", words[5] ?? "");
        if (row !== null && this.#rows.length < MAX_ROWS) this.#rows.push(row);
        return null;
      }
      case "n":
        this.#overflows = counter(words[1]);
        this.#drops = counter(words[2]);
        return null;
      case "x":
        this.#xServer = words[1] === "1" ? true : words[1] === "0" ? false : null;
        return null;
      case "v":
        this.#screen = { x11vnc: letter(words[1]), ranNs: counter(words[2], 18), forever: words[3] === "1", xvfb: letter(words[4]) };
        return null;
      case "j":
        this.#java = letter(words[1]);
        return null;
      case "@":
        return this.#frame(words, pidOf);
      default:
        return null;
    }
  }

  #frame(words: readonly string[], pidOf: (tag: number) => number | null): LookAnswer | null {
    const rows = this.#rows;
    const fresh = { listenOverflows: this.#overflows, listenDrops: this.#drops, xServer: this.#xServer };
    const seen = { ...(this.#screen === null ? {} : { screen: this.#screen }), ...(this.#java === null ? {} : { java: this.#java }) };
    this.#rows = [];
    this.#overflows = this.#drops = this.#xServer = this.#screen = this.#java = null;
    const tag = counter(words[1]);
    const pid = tag === null ? null : pidOf(tag);
    if (tag === null || pid === null) return null;
    const before = this.#known.get(pid);
    const kept = {
      listenOverflows: fresh.listenOverflows ?? before?.listenOverflows ?? null,
      listenDrops: fresh.listenDrops ?? before?.listenDrops ?? null,
      xServer: fresh.xServer ?? before?.xServer ?? null,
    };
    switch (words[2]) {
      case "same": {
        if (before === undefined) return null;
        return this.#table(tag, pid, { rows: before.rows, ...kept, ...seen }, false);
      }
      case "end":
      case "cut":
        return this.#table(tag, pid, { rows, ...kept, ...seen }, words[2] === "cut");
      case "none": {
        this.#known.delete(pid);
        const why = words[3];
        return { tag, kind: "none", why: why === "gone" || why === "unreadable" ? why : "bad" };
      }
      default:
        return null;
    }
  }

  #table(tag: number, pid: number, table: ProcNet, cut: boolean): LookAnswer {
    // A server that restarts its containers for weeks must not fill this map.
    if (this.#known.size > 64) this.#known.clear();
    this.#known.set(pid, table);
    return { tag, kind: "table", table, cut };
  }
}

function counter(word: string | undefined, digits = 15): number | null {
  return word !== undefined && /^\d+$/.test(word) && word.length <= digits ? Number(word) : null;
}

function letter(word: string | undefined): string | null {
  return word !== undefined && /^[A-Za-z]$/.test(word) ? word : null;
}
