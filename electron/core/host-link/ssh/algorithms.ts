import { getCiphers } from "node:crypto";
import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";
import { matchesGlob } from "./known-hosts.ts";

interface Names<T extends string> {
  /** Offered when nothing else is asked for, in this order. */
  readonly usual: readonly T[];
  /** Only where ssh_config names them: old servers need them. */
  readonly also: readonly T[];
}

const KEY_EXCHANGES: Names<KexAlgorithm> = {
  usual: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group15-sha512",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group17-sha512",
    "diffie-hellman-group18-sha512",
  ],
  also: ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
};

const HOST_KEYS: Names<ServerHostKeyAlgorithm> = {
  usual: ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"],
  also: ["ssh-rsa"],
};

const MACS: Names<MacAlgorithm> = {
  usual: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha1-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"],
  also: ["hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
};

/** With what node:crypto calls them: ssh2 throws on a name that the runtime lacks, as Electron's BoringSSL lacks ChaCha20. AES-GCM is the quickest. */
const CIPHERS: readonly [CipherAlgorithm, string, "usual" | "also"][] = [
  ["aes128-gcm@openssh.com", "aes-128-gcm", "usual"],
  ["aes256-gcm@openssh.com", "aes-256-gcm", "usual"],
  ["aes128-ctr", "aes-128-ctr", "usual"],
  ["aes192-ctr", "aes-192-ctr", "usual"],
  ["aes256-ctr", "aes-256-ctr", "usual"],
  ["chacha20-poly1305@openssh.com", "chacha20", "usual"],
  ["aes128-cbc", "aes-128-cbc", "also"],
  ["aes192-cbc", "aes-192-cbc", "also"],
  ["aes256-cbc", "aes-256-cbc", "also"],
  ["3des-cbc", "des-ede3-cbc", "also"],
];

function ciphers(available: readonly string[]): Names<CipherAlgorithm> {
  const of = (when: "usual" | "also") => CIPHERS.filter(([, name, each]) => each === when && available.includes(name)).map(([name]) => name);
  return { usual: of("usual"), also: of("also") };
}

export interface Algorithms {
  readonly kex: readonly KexAlgorithm[];
  readonly cipher: readonly CipherAlgorithm[];
  readonly hmac: readonly MacAlgorithm[];
  readonly serverHostKey: readonly ServerHostKeyAlgorithm[];
  /** The order of host key types is the person's own: known types do not come first. */
  readonly fixedHostKeys: boolean;
}

export interface ChosenAlgorithms {
  readonly algorithms: Algorithms;
  /** Names that ssh_config asks for and Gatelight lacks, by keyword. */
  readonly missing: readonly { readonly keyword: string; readonly names: readonly string[] }[];
  /** The keyword whose list leaves nothing to offer; offering something else would undo what the person chose. */
  readonly empty: string | null;
}

/** @param word the value of a keyword of ssh_config (lower case), if it has one */
export function chooseAlgorithms(word: (keyword: string) => string | undefined, available: readonly string[] = getCiphers()): ChosenAlgorithms {
  const missing: { keyword: string; names: string[] }[] = [];
  let empty: string | null = null;
  const take = <T extends string>(keyword: string, names: Names<T>): readonly T[] => {
    const chosen = choose(word(keyword.toLowerCase()), names);
    if (chosen.missing.length > 0) missing.push({ keyword, names: chosen.missing });
    if (chosen.names.length === 0) empty ??= keyword;
    return chosen.names;
  };
  const algorithms: Algorithms = {
    kex: take("KexAlgorithms", KEY_EXCHANGES),
    cipher: take("Ciphers", ciphers(available)),
    hmac: take("MACs", MACS),
    serverHostKey: take("HostKeyAlgorithms", HOST_KEYS),
    // sshconnect2.c, ssh_kex2: only a list of one's own, or a head of it, overrules what known_hosts has.
    fixedHostKeys: /^[^+-]/.test(word("hostkeyalgorithms") ?? ""),
  };
  return { algorithms, missing, empty };
}

/**
 * `a,b` instead of the usual ones, `+a` behind them, `^a` before them, `-a` without those; names may be patterns (ssh_config(5); kex.c,
 * kex_assemble_names).
 */
function choose<T extends string>(text: string | undefined, { usual, also }: Names<T>): { names: readonly T[]; missing: string[] } {
  if (text === undefined || text === "") return { names: usual, missing: [] };
  const how = /^[+^-]/.exec(text)?.[0] ?? "";
  const patterns = text.slice(how.length).split(",").filter(Boolean);
  if (how === "-") return { names: usual.filter((name) => !patterns.some((pattern) => matchesGlob(pattern, name))), missing: [] };
  const all = [...usual, ...also];
  const missing: string[] = [];
  const named = patterns.flatMap((pattern) => {
    const found = all.filter((name) => matchesGlob(pattern, name));
    if (found.length === 0 && !/[*?]/.test(pattern)) missing.push(pattern);
    return found;
  });
  const names = how === "+" ? [...usual, ...named] : how === "^" ? [...named, ...usual] : named;
  return { names: [...new Set(names)], missing };
}

/** Types already known come first, so that the server shows the key that can be compared. */
export function hostKeyOrder(
  known: readonly string[],
  { serverHostKey, fixedHostKeys }: Pick<Algorithms, "serverHostKey" | "fixedHostKeys">,
): ServerHostKeyAlgorithm[] {
  const wanted = (type: ServerHostKeyAlgorithm) => !fixedHostKeys && known.includes(type.startsWith("rsa-") ? "ssh-rsa" : type);
  return [...serverHostKey.filter(wanted), ...serverHostKey.filter((type) => !wanted(type))];
}
