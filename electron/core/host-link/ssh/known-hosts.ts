import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** One line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  readonly marker: "revoked" | "cert-authority" | null;
  readonly patterns: string;
  readonly type: string;
  readonly key: Buffer;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export type HostKeyVerdict =
  | { readonly kind: "known" }
  /** `others`: keys of other types that are known for this host. */
  | { readonly kind: "unknown"; readonly others: readonly KnownHost[] }
  | { readonly kind: "changed"; readonly expected: readonly KnownHost[] }
  | { readonly kind: "revoked"; readonly by: KnownHost };

const MAX_LINE = 64 * 1024;

/** Lines that make no sense are passed over, as OpenSSH does; nothing throws. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  const found: KnownHost[] = [];
  text.split("\n").forEach((raw, index) => {
    if (raw.length > MAX_LINE) return;
    const words = raw.trim().split(/[ \t]+/);
    const first = words[0] ?? "";
    if (first === "" || first.startsWith("#")) return;
    let marker: KnownHost["marker"] = null;
    if (first.startsWith("@")) {
      if (first !== "@revoked" && first !== "@cert-authority") return;
      marker = first === "@revoked" ? "revoked" : "cert-authority";
      words.shift();
    }
    const [patterns, type, base64] = words;
    if (patterns === undefined || type === undefined || base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return;
    const key = Buffer.from(base64, "base64");
    if (keyType(key) !== type) return;
    found.push({ marker, patterns, type, key, file, line: index + 1 });
  });
  return found;
}

/**
 * The names a host is looked up under, in lower case, as OpenSSH does (sshconnect.c, get_hostfile_hostname_ipaddr and check_host_key): its HostKeyAlias
 * as it is; else `host`, or `[host]:port` where the port is not 22 and then `host` too. It is remembered under the first.
 */
export function knownHostNames(host: string, port: number, alias: string | null = null): readonly [string, ...string[]] {
  if (alias !== null) return [alias.toLowerCase()];
  const name = host.toLowerCase();
  return port === 22 ? [name] : [`[${name}]:${port}`, name];
}

/**
 * Judges a key as OpenSSH does; `@cert-authority` lines say nothing about a plain key. `names` come from `knownHostNames`: under the second a key can
 * only be found known, or revoked, since another server may stand there.
 */
export function judgeHostKey(entries: readonly KnownHost[], [first, ...others]: readonly [string, ...string[]], key: Buffer): HostKeyVerdict {
  const verdict = judgeUnder(entries, first, key);
  if (verdict.kind !== "unknown") return verdict;
  const elsewhere = others.map((name) => judgeUnder(entries, name, key));
  return elsewhere.find(({ kind }) => kind === "revoked") ?? elsewhere.find(({ kind }) => kind === "known") ?? verdict;
}

function judgeUnder(entries: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const here = entries.filter((entry) => matchesHost(entry.patterns, name));
  const revoked = here.find((entry) => entry.marker === "revoked" && entry.key.equals(key));
  if (revoked) return { kind: "revoked", by: revoked };
  const plain = here.filter((entry) => entry.marker === null);
  if (plain.some((entry) => entry.key.equals(key))) return { kind: "known" };
  const expected = plain.filter((entry) => entry.type === keyType(key));
  if (expected.length > 0) return { kind: "changed", expected };
  return { kind: "unknown", others: plain };
}

/** Key types known for a host, to be asked for first: a server with several keys else shows one we cannot compare. */
export function knownTypes(entries: readonly KnownHost[], names: readonly string[]): string[] {
  const plain = entries.filter((entry) => entry.marker === null);
  return [...new Set(names.flatMap((name) => plain.filter((entry) => matchesHost(entry.patterns, name)).map((entry) => entry.type)))];
}

/** A pattern list: any match counts, a negated match rules the line out. Hashed names (`|1|salt|hash`) are HMAC-SHA1(salt, name). */
export function matchesHost(patterns: string, name: string): boolean {
  if (patterns.startsWith("|")) return matchesHash(patterns, name);
  let matched = false;
  for (const pattern of patterns.split(",")) {
    if (pattern.startsWith("!")) {
      if (matchesGlob(pattern.slice(1).toLowerCase(), name)) return false;
    } else if (!matched && matchesGlob(pattern.toLowerCase(), name)) matched = true;
  }
  return matched;
}

function matchesHash(pattern: string, name: string): boolean {
  const [, version, salt, hash] = pattern.split("|");
  if (version !== "1" || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** `*` any run of characters, `?` exactly one. Linear, without backtracking over more than the last star. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** The type inside a public key blob (RFC 4253 §6.6), or "" when it is none. */
export function keyType(blob: Buffer): string {
  if (blob.length < 4) return "";
  const length = blob.readUInt32BE(0);
  return length > 0 && length <= 64 && blob.length >= 4 + length ? blob.toString("latin1", 4, 4 + length) : "";
}

/** As `ssh-keygen -l` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
