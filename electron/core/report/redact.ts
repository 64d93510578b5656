import { isIP } from "node:net";
import { ACCOUNT } from "../../../shared/account-numbers.ts";

export interface RedactOptions {
  /** Values that must never show, e.g. answers of prompts. Shorter ones than 4 characters cannot be told from text and are passed over. */
  readonly secrets?: readonly string[];
  /** User names on this machine and the servers. */
  readonly users?: readonly string[];
  /** Names and addresses of servers; each is shown as `[host-1]`, `[host-2]` … by its place here. */
  readonly hosts?: readonly string[];
  /** Leave user and host names as they are. Secrets and account numbers go all the same. */
  readonly showNames?: boolean;
  /** Also take out IP addresses other than loopback and "any". */
  readonly addresses?: boolean;
}

/** Marks of ours are left alone, so that redacting twice changes nothing. */
const MARK = String.raw`\[(?:secret|user|private key|address|paper account|live account|host-\d+)\]`;
/** What follows a telling name: `password=…`, `"token": "…"`, `IbPassword=…`, also with the quotes escaped as in a nested JSON string. */
const NAMED =
  /((?:passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|\bpwd)\w{0,40}\\{0,4}["']?\s{0,3}[=:]\s{0,3}(?:bearer )?)("(?:\\.|[^"\\\n])*"|'[^'\n]*'|\\+["'][^"'\\\n]*|(?!\[secret\])[^\s"'\\,;&})\]]+)/gi;
const TELLING = /passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|^pwd$/i;
const LOGIN = /((?:\b(?:TWSUSERID|IbLoginId|FIXLoginId)[\w]*|\buser(?:name)?|\blogin)\\*["']?\s*[=:]\s*\\*["']?)(?!\[user\])([^\s"'\\,;&}\])]+)/gi;
const BEARER = /\b(Bearer|Basic)\s+(?!\[secret\])[A-Za-z0-9._~+/=-]{8,}/g;
const URL_LOGIN = /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,20}:\/\/)(?!\[secret\]@)[^\s/@"'\\]+@/gi;
const PEM = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g;
const HOME = /((?:\/home|\/Users|[A-Za-z]:(?:\\{1,4}|\/)Users)(?:\\{1,4}|\/))(?!\[user\])([^\s/\\"':;,<>|]+)/gi;
const AT_HOST = /(?<![\w.@+-])(?!\[)[A-Za-z_][\w.+-]*(?=@[\w[])/g;
const ADDRESS = /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?![\w:]|\.\d)/g;
const HARMLESS = /^(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?|(?:::ffff:)?127\..*)$/i;

/** Pure. Takes out secrets and account numbers always, names unless asked to show them. Applying it twice changes nothing more. */
export function redact(text: string, options: RedactOptions = {}): string {
  let out = literal(text, (options.secrets ?? []).filter((value) => value.length >= 4).flatMap(spellings), () => "[secret]", false);
  out = out
    .replace(PEM, "[private key]")
    .replace(URL_LOGIN, "$1[secret]@")
    .replace(BEARER, "$1 [secret]")
    .replace(NAMED, (_all, before: string, value: string) => `${before}${hidden(value)}`)
    .replace(ACCOUNT, (_all, paper: string) => (paper === "" ? "[live account]" : "[paper account]"));
  if (options.showNames !== true) {
    out = out.replace(LOGIN, "$1[user]").replace(HOME, "$1[user]").replace(AT_HOST, "[user]");
    out = literal(out, options.users ?? [], () => "[user]", true);
    out = literal(out, options.hosts ?? [], (index) => `[host-${index + 1}]`, true);
  }
  if (options.addresses === true) out = out.replace(ADDRESS, (found) => (isIP(found) === 0 || HARMLESS.test(found) ? found : "[address]"));
  return out;
}

/**
 * The same for a JSON value: every string, and whatever stands under a telling key. Depth and length are bounded; more becomes "…".
 */
export function redactValue(value: unknown, options: RedactOptions = {}, depth = 0): unknown {
  if (typeof value === "string") return redact(value.length > 20_000 ? `${value.slice(0, 20_000)}…` : value, options);
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : value;
  if (depth > 6) return "…";
  if (Array.isArray(value)) return value.slice(0, 200).map((item) => redactValue(item, options, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value).slice(0, 200)) {
    const plain = typeof item === "boolean" || item === null;
    out[redact(key, options)] = TELLING.test(key) && !plain ? "[secret]" : redactValue(item, options, depth + 1);
  }
  return out;
}

/** Keeps the quotes around what is taken out. */
function hidden(value: string): string {
  const quotes = /^(\\*["'])?[\s\S]*?(["'])?$/.exec(value);
  return `${quotes?.[1] ?? ""}[secret]${quotes?.[1]?.startsWith("\\") === true ? "" : (quotes?.[2] ?? "")}`;
}

/** A secret as it may stand in a line: as it is, inside JSON, inside an address, in base64. */
function spellings(secret: string): string[] {
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), Buffer.from(secret, "utf8").toString("base64")])];
}

/** Replaces literal values, longest first, in one pass that steps over our own marks. `whole`: not inside a longer word. */
function literal(text: string, values: readonly string[], mark: (index: number) => string, whole: boolean): string {
  const known = values.map((value, index) => ({ value: whole ? value.toLowerCase() : value, index })).filter(({ value }) => value !== "");
  if (known.length === 0) return text;
  const sorted = [...known].sort((a, b) => b.value.length - a.value.length);
  const any = sorted.map(({ value }) => value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");
  const pattern = whole ? String.raw`(?<![\p{L}\p{N}_])(?:${any})(?![\p{L}\p{N}_])` : `(?:${any})`;
  return text.replace(new RegExp(`(${MARK})|${pattern}`, whole ? "giu" : "gu"), (found: string, ours: string | undefined) => {
    if (ours !== undefined) return ours;
    const folded = whole ? found.toLowerCase() : found;
    return mark(known.find(({ value }) => value === folded)?.index ?? 0);
  });
}
