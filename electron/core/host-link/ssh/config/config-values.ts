import { matchesGlob } from "../known-hosts.ts";
import type { ConfigItem } from "./config-files.ts";
import type { ConfigLine } from "./config-line.ts";

/** What applies to one host: the first value of each keyword, all of the keywords that add up. */
export interface ConfigValues {
  readonly first: ReadonlyMap<string, ConfigLine>;
  readonly identityFiles: readonly string[];
  readonly notes: readonly string[];
}

export interface MatchContext {
  /** The name as given. */
  readonly original: string;
  readonly localUser: string;
  /** Set before any file is read, as by the command line. */
  readonly user: string | null;
  /** Expands HostName as far as it is known. */
  readonly hostOf: (hostName: string | null) => string;
}

/** Goes through all files in order, as readconf.c does; a second time when a `Match final` asks for it. */
export function evaluateConfig(files: readonly (readonly ConfigItem[])[], context: MatchContext): ConfigValues {
  const state: State = { first: new Map(), identityFiles: [], notes: new Set(), wantsFinal: false, final: false, context };
  for (const items of files) walk(items, state, true);
  if (state.wantsFinal) {
    state.final = true;
    // The second pass begins with the host name that the first one found.
    for (const items of files) walk(items, state, true);
  }
  return { first: state.first, identityFiles: state.identityFiles, notes: [...state.notes] };
}

interface State {
  readonly first: Map<string, ConfigLine>;
  readonly identityFiles: string[];
  readonly notes: Set<string>;
  wantsFinal: boolean;
  final: boolean;
  readonly context: MatchContext;
}

function walk(items: readonly ConfigItem[], state: State, outer: boolean): void {
  let active = outer;
  for (const item of items) {
    if (item.kind === "include") {
      walk(item.items, state, active);
      continue;
    }
    const { line } = item;
    if (line.keyword === "host") active = outer && matchesHostLine(line.words, host(state, true));
    else if (line.keyword === "match") {
      const matched = matchesMatchLine(line.words, state, item.file);
      active = outer && matched;
    } else if (active) take(line, state);
  }
}

function take(line: ConfigLine, state: State): void {
  const [value] = line.words;
  if (value === undefined) return;
  if (line.keyword === "identityfile") {
    if (!state.identityFiles.includes(value)) state.identityFiles.push(value);
    return;
  }
  // The host is settled before the second pass (ssh.c, main).
  if (state.final && line.keyword === "hostname") return;
  // As if it did not stand there (readconf.c, parse_time).
  if (line.keyword === "connecttimeout" && value === "none") return;
  // Whichever of the two comes first rules the other out.
  if (line.keyword === "proxyjump" || line.keyword === "proxycommand") {
    if (state.first.has("proxyjump") || state.first.has("proxycommand")) return;
  }
  if (!state.first.has(line.keyword)) state.first.set(line.keyword, line);
}

/** In the second pass Host lines see the resolved name. */
function host(state: State, forHostLine: boolean): string {
  const known = state.first.get("hostname")?.words[0] ?? null;
  if (forHostLine && !state.final) return state.context.original;
  return state.context.hostOf(known);
}

function matchesHostLine(patterns: readonly string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (matchesGlob(pattern.slice(1), name)) return false;
    } else if (matchesGlob(pattern, name)) matched = true;
  }
  return matched;
}

/** A comma-separated pattern list (match.c, match_pattern_list). */
function matchesList(list: string, text: string, fold: boolean): boolean {
  let matched = false;
  for (const entry of list.split(",")) {
    const pattern = fold ? entry.toLowerCase() : entry;
    if (pattern.startsWith("!")) {
      if (matchesGlob(pattern.slice(1), text)) return false;
    } else if (matchesGlob(pattern, text)) matched = true;
  }
  return matched;
}

function matchesMatchLine(words: readonly string[], state: State, file: string): boolean {
  let result = true;
  const pieces = words.flatMap((word) => {
    const equals = /^(!?[a-z]+)=(.*)$/i.exec(word);
    return equals ? [equals[1] ?? "", equals[2] ?? ""] : [word];
  });
  for (let at = 0; at < pieces.length; at++) {
    const word = (pieces[at] ?? "").toLowerCase();
    const negated = word.startsWith("!");
    const criterion = negated ? word.slice(1) : word;
    if (criterion === "all") {
      if (negated) result = false;
      continue;
    }
    if (criterion === "canonical" || criterion === "final") {
      if (criterion === "final") state.wantsFinal = true;
      if (state.final === negated) result = false;
      continue;
    }
    const value = pieces[++at];
    if (value === undefined) return false;
    let matched: boolean;
    switch (criterion) {
      case "host":
        matched = matchesList(value, host(state, false).toLowerCase(), true);
        break;
      case "originalhost":
        matched = matchesList(value, state.context.original.toLowerCase(), true);
        break;
      case "user":
        matched = matchesList(value, state.context.user ?? state.first.get("user")?.words[0] ?? state.context.localUser, false);
        break;
      case "localuser":
        matched = matchesList(value, state.context.localUser, false);
        break;
      case "exec":
        state.notes.add(`${file}: “Match exec” is never run, so its block does not apply.`);
        return false;
      default:
        state.notes.add(`${file}: “Match ${criterion}” is not known to Gatelight, so its block does not apply.`);
        return false;
    }
    if (matched === negated) result = false;
  }
  return result;
}
