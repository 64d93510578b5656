/** One row of a look: a socket in the container's network namespace. */
export interface SocketRow {
  readonly family: 4 | 6;
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  /** Kernel state: 1 ESTABLISHED, 2 SYN_SENT, 3 SYN_RECV, 8 CLOSE_WAIT, 10 LISTEN. */
  readonly state: number;
  readonly txQueue: number;
  /** For LISTEN: connections that wait for accept(). */
  readonly rxQueue: number;
  readonly inode: number;
}

/** More rows than any gateway has; what exceeds it is dropped, so that a hostile table cannot bloat us. */
export const MAX_ROWS = 4096;
const MAX_LINE = 1024;

/**
 * An address as /proc/net/tcp{,6} writes it: each 32-bit word in the byte order of the machine (little-endian on all that run the gateway:
 * amd64, aarch64), the port as plain hex. An IPv4 address inside IPv6 (::ffff:a.b.c.d) is given in IPv4 notation.
 * @returns `null` when malformed
 */
export function parseProcAddress(text: string): { address: string; port: number } | null {
  const match = /^((?:[0-9A-Fa-f]{8}){1,4}):([0-9A-Fa-f]{4})$/.exec(text);
  const hex = match?.[1];
  if (match?.[2] === undefined || hex === undefined || (hex.length !== 8 && hex.length !== 32)) return null;
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let byte = 6; byte >= 0; byte -= 2) bytes.push(Number.parseInt(hex.slice(word + byte, word + byte + 2), 16));
  }
  return { address: bytes.length === 4 ? bytes.join(".") : ipv6(bytes), port: Number.parseInt(match[2], 16) };
}

function ipv6(bytes: readonly number[]): string {
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (mapped) return bytes.slice(12).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0));
  // RFC 5952: the longest run of zeros (at least two groups, the first of equals) becomes "::".
  let best = { from: -1, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  return best.from < 0 ? text(groups) : `${text(groups.slice(0, best.from))}::${text(groups.slice(best.from + best.length))}`;
}

/** The words of a row that matter, in the order in which the look script prints them. @returns `null` when malformed */
export function parseSocketWords(local: string, remote: string, state: string, queues: string, inode: string): SocketRow | null {
  const localAddress = parseProcAddress(local);
  const remoteAddress = parseProcAddress(remote);
  const queue = /^([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8})$/.exec(queues);
  if (localAddress === null || remoteAddress === null || queue?.[1] === undefined || queue[2] === undefined) return null;
  if (!/^[0-9A-Fa-f]{2}$/.test(state) || !/^\d{1,20}$/.test(inode)) return null;
  return {
    family: local.length > 20 ? 6 : 4,
    local: localAddress,
    remote: remoteAddress,
    state: Number.parseInt(state, 16),
    txQueue: Number.parseInt(queue[1], 16),
    rxQueue: Number.parseInt(queue[2], 16),
    inode: Number(inode),
  };
}

/** x11vnc and the display that it shows, as their kernel has them: state letters of /proc/PID/stat; `null` where one could not be read. */
export interface ScreenSign {
  readonly x11vnc: string | null;
  /** Time it has run, ns (/proc/PID/schedstat). */
  readonly ranNs: number | null;
  /** It was told to outlive its first viewer. */
  readonly forever: boolean;
  readonly xvfb: string | null;
}

export interface ProcNet {
  readonly rows: readonly SocketRow[];
  readonly listenOverflows: number | null;
  readonly listenDrops: number | null;
  /** An X server listens; `null` where no table of Unix sockets was in the text. */
  readonly xServer: boolean | null;
  /** Absent: no x11vnc was seen among the container's processes. */
  readonly screen?: ScreenSign;
  /** The state letter of java, the gateway itself; absent: it was not seen. */
  readonly java?: string;
}

/**
 * Any of /proc/net/{tcp,tcp6,netstat,unix}, one after the other in one text (`cat` of several). Lines are known by their shape;
 * what fits none is left out, so a cut text gives what was whole.
 */
export function parseProcNet(text: string): ProcNet {
  const rows: SocketRow[] = [];
  let header: string[] | null = null;
  let listenOverflows: number | null = null;
  let listenDrops: number | null = null;
  let xServer: boolean | null = null;
  for (const raw of text.split("\n")) {
    if (raw.startsWith("TcpExt:")) {
      const words = raw.slice(7, 16_384).trim().split(/\s+/);
      if (header === null) header = words;
      else {
        listenOverflows = counter(header, words, "ListenOverflows");
        listenDrops = counter(header, words, "ListenDrops");
        header = null;
      }
      continue;
    }
    const line = raw.slice(0, MAX_LINE).trim();
    if (/^Num\s+RefCount\s/.test(line)) xServer ??= false;
    const words = line.split(/\s+/);
    if (/^\d+:$/.test(words[0] ?? "")) {
      const row = parseSocketWords(words[1] ?? "", words[2] ?? "", words[3] ?? "", words[4] ?? "", words[9] ?? "");
      if (row !== null && rows.length < MAX_ROWS) rows.push(row);
    } else if (isXListener(words)) xServer = true;
  }
  return { rows, listenOverflows, listenDrops, xServer };
}

/** A row of /proc/net/unix: `Num: RefCount Protocol Flags Type St Inode Path`; Flags 00010000 = listening. */
function isXListener(words: readonly string[]): boolean {
  return /^[0-9A-Fa-f]{8,16}:$/.test(words[0] ?? "") && words[3] === "00010000" && /^@?\/tmp\/\.X11-unix\/X\d+$/.test(words[7] ?? "");
}

function counter(header: readonly string[], words: readonly string[], name: string): number | null {
  const word = words[header.indexOf(name)];
  return word !== undefined && /^\d{1,15}$/.test(word) ? Number(word) : null;
}
