import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const HOUR = 3_600_000;
/** So many lines are let grow before what is older than an hour is cut away. */
const MAX_LINES = 200;
const MAX_BYTES = 64 * 1024;

/** One API dial, as the hour's allowance counts it. */
export interface Dial {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cause: DialCause;
  /** It brought a session. */
  readonly good: boolean;
}
export const DIAL_CAUSES = ["time", "start", "evidence", "person"] as const;
/** What calls for a dial: nothing but the passing of time, Gatelight's own start, something seen to have changed, or a person. */
export type DialCause = (typeof DIAL_CAUSES)[number];

/** The dials of one gateway on disk: whoever watches it from this data folder, one after the other or at once, counts those of all. */
export interface KeptDials {
  /** Those that others made within the last hour, oldest first. */
  others(now: number): readonly Dial[];
  add(at: number, cause: DialCause): void;
  /** Of a dial of our own: it brought a session, or nothing of it ever reached the server. */
  mark(at: number, what: "good" | "unsent"): void;
}

export interface KeptDialsPorts {
  readonly file: string;
  /** Tells our lines from those of others: no blank in it. */
  readonly writer: string;
  readonly log: (message: string) => void;
}

const LINE = /^(\d{10,15}) ([\w-]{1,64}) (\w{1,16})$/;

/** A line an event, only ever appended, so that two programs do not overwrite each other's. What is not readable, or damaged, counts for nothing. */
export function createKeptDials({ file, writer, log }: KeptDialsPorts): KeptDials {
  const told = new Set<string>();
  const tell = (message: string) => {
    if (!told.has(message)) log(message);
    told.add(message);
  };
  /** The last of a file that grew too large: it was damaged, but the newest lines count. */
  const lines = (): string[] => {
    try {
      const text = readFileSync(file, "utf8");
      const all = text
        .slice(-MAX_BYTES)
        .split("\n")
        .filter((line) => line !== "");
      if (text.length <= MAX_BYTES) return all;
      tell("the times of earlier dials are too many; only the last are counted");
      return all.slice(-MAX_LINES);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) tell(`the times of earlier dials could not be read: ${brief(error)}`);
    }
    return [];
  };
  const append = (at: number, word: string) => {
    const line = `${Math.round(at)} ${writer} ${word}`;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const all = lines();
      if (all.length >= MAX_LINES) {
        writeFileSync(`${file}.${writer}`, `${all.filter((one) => at - Number(one.split(" ")[0]) < HOUR).join("\n")}\n`, { mode: 0o600 });
        renameSync(`${file}.${writer}`, file);
      }
      appendFileSync(file, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      tell(`the time of a dial could not be kept: ${brief(error)}`);
    }
  };
  return {
    others(now) {
      const found = new Map<string, Dial>();
      let bad = 0;
      for (const line of lines()) {
        const [, time, by, word] = LINE.exec(line) ?? [];
        const cause = DIAL_CAUSES.find((one) => one === word);
        const key = `${time} ${by}`;
        const known = found.get(key);
        if (time === undefined || (cause === undefined && word !== "good" && word !== "unsent")) bad++;
        // A clock that was set back since leaves times that lie ahead; far ones are of a clock that was wrong.
        else if (by === writer || now - Number(time) >= HOUR || Number(time) - now > HOUR) continue;
        else if (cause !== undefined) found.set(key, { at: Math.min(now, Number(time)), cause, good: false });
        else if (word === "unsent") found.delete(key);
        else if (known !== undefined) found.set(key, { ...known, good: true });
      }
      if (bad > 0) tell(`${bad} of the lines about earlier dials could not be read`);
      return [...found.values()].sort((a, b) => a.at - b.at);
    },
    add: (at, cause) => append(at, cause),
    mark: (at, what) => append(at, what),
  };
}

const brief = (error: unknown) => String(error).slice(0, 200);
