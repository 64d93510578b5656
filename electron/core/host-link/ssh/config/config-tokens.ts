import { createHash } from "node:crypto";
import { join } from "node:path";

export interface TokenContext {
  readonly home: string;
  readonly localUser: string;
  readonly uid: number | null;
  readonly localHost: string;
  readonly host: string;
  readonly original: string;
  readonly hostKeyAlias: string | null;
  readonly port: number;
  readonly user: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** `%h` and the like (ssh_config(5), TOKENS). @returns `null` when a token is not known */
export function expandTokens(text: string, context: TokenContext): string | null {
  let known = true;
  const values: Readonly<Record<string, string>> = {
    "%": "%",
    d: context.home,
    h: context.host,
    i: String(context.uid ?? ""),
    k: context.hostKeyAlias ?? context.original,
    L: context.localHost.split(".")[0] ?? "",
    l: context.localHost,
    n: context.original,
    p: String(context.port),
    r: context.user,
    u: context.localUser,
    C: createHash("sha1").update(`${context.localHost}${context.host}${context.port}${context.user}`).digest("hex"),
  };
  const expanded = text.replace(/%(.?)/gs, (_, letter: string) => {
    const value = values[letter];
    if (value === undefined) known = false;
    return value ?? "";
  });
  return known ? expanded : null;
}

/** Tokens, `${VARIABLE}` and a leading `~`. @returns `null` when something in it is not known */
export function expandPath(text: string, context: TokenContext): string | null {
  let known = true;
  const withVariables = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = context.env[name];
    if (value === undefined) known = false;
    return value ?? "";
  });
  if (!known) return null;
  const expanded = expandTokens(withVariables, context);
  if (expanded === null) return null;
  return expandHome(expanded, context.home);
}

/** `~` and `~/…`; another user's home is not looked up. */
export function expandHome(path: string, home: string): string | null {
  if (path === "~" || path.startsWith("~/") || path.startsWith("~\\")) return join(home, path.slice(1));
  return path.startsWith("~") ? null : path;
}
