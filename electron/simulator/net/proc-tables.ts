import type { Namespace } from "./namespace.ts";

/** What /proc/net prints of a namespace. Layout of Linux (net/ipv4/tcp_ipv4.c get_tcp4_sock, net/ipv6/tcp_ipv6.c). */

const WIDTH = 149;
const HEAD4 = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const HEAD6 =
  "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

interface Row {
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  readonly state: number;
  readonly tx: number;
  readonly rx: number;
  readonly uid: number;
  readonly inode: number;
  readonly tail: string;
}

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");

function bytes4(address: string): number[] {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) throw new RangeError(`not an IPv4 address: ${address}`);
  return parts;
}

/** One 32-bit word printed as a little-endian host prints network order. */
const word = (bytes: readonly number[]) =>
  [...bytes]
    .reverse()
    .map((byte) => hex(byte, 2))
    .join("");

/** "127.0.0.1" → "0100007F" */
export function hexAddress4(address: string): string {
  return word(bytes4(address));
}

/** "::" → 32 zeros, "::1", or an IPv4 address as v4-mapped. */
export function hexAddress6(address: string): string {
  if (address === "::") return "0".repeat(32);
  if (address === "::1") return `${"0".repeat(24)}01000000`;
  return `${"0".repeat(16)}FFFF0000${word(bytes4(address))}`;
}

function rows(namespace: Namespace, family: 4 | 6, now: number): Row[] {
  const found: Row[] = [];
  for (const listener of namespace.listeners) {
    if (listener.options.family !== family) continue;
    found.push({
      local: { address: listener.options.address, port: listener.options.port },
      remote: { address: family === 4 ? "0.0.0.0" : "::", port: 0 },
      state: 0x0a,
      tx: 0,
      rx: listener.queue.length,
      uid: listener.uid,
      inode: listener.inode,
      tail: "100 0 0 10 0",
    });
  }
  for (const endpoint of namespace.endpoints) {
    const state = endpoint.kernelState(now);
    if (state === null || endpoint.init.family !== family) continue;
    const { local, remote, uid } = endpoint.init;
    found.push({ local, remote, state, tx: 0, rx: endpoint.receiveQueue, uid: endpoint.inode === 0 ? 0 : uid, inode: endpoint.inode, tail: "20 4 30 10 -1" });
  }
  if (family === 4) {
    for (const dial of namespace.dialing)
      found.push({ local: dial.local, remote: dial.remote, state: 2, tx: 1, rx: 0, uid: dial.uid, inode: dial.inode, tail: "800 0 0 1 7" });
  }
  for (const row of namespace.fixed) {
    if (row.family === family) found.push({ ...row, tx: 0, rx: 0, inode: 31_007, tail: row.state === 0x0a ? "100 0 0 10 0" : "20 4 30 10 -1" });
  }
  return found;
}

/** Text of /proc/net/tcp (4) or /proc/net/tcp6 (6). */
export function tcpTable(namespace: Namespace, family: 4 | 6, now: number): string {
  const print = family === 4 ? hexAddress4 : hexAddress6;
  const lines = rows(namespace, family, now).map((row, index) => {
    const local = `${print(row.local.address)}:${hex(row.local.port, 4)}`;
    const remote = `${print(row.remote.address)}:${hex(row.remote.port, 4)}`;
    const retransmit = row.state === 2 ? "01:00000064 00000001" : "00:00000000 00000000";
    const head = `${String(index).padStart(4)}: ${local} ${remote} ${hex(row.state, 2)} ${hex(row.tx, 8)}:${hex(row.rx, 8)} ${retransmit}`;
    return `${head} ${String(row.uid).padStart(5)} ${"0".padStart(8)} ${row.inode} 1 0000000000000000 ${row.tail}`;
  });
  const all = family === 4 ? [HEAD4, ...lines].map((line) => line.padEnd(WIDTH)) : [HEAD6, ...lines];
  return `${all.join("\n")}\n`;
}

/** Text of /proc/net/netstat, the columns that tools read. */
export function netstatTable(namespace: Namespace): string {
  const columns: readonly (readonly [string, number])[] = [
    ["SyncookiesSent", 0],
    ["SyncookiesRecv", 0],
    ["SyncookiesFailed", 0],
    ["EmbryonicRsts", 0],
    ["PruneCalled", 0],
    ["TW", 184],
    ["DelayedACKs", 412],
    ["ListenOverflows", namespace.listenOverflows],
    ["ListenDrops", namespace.listenDrops],
    ["TCPHPHits", 9120],
    ["TCPPureAcks", 2711],
    ["TCPTimeouts", namespace.dialing.size],
  ];
  const head = (prefix: string, cells: readonly (readonly [string, number])[]) =>
    `${prefix}: ${cells.map(([name]) => name).join(" ")}\n${prefix}: ${cells.map(([, value]) => value).join(" ")}\n`;
  return (
    head("TcpExt", columns) +
    head("IpExt", [
      ["InNoRoutes", 0],
      ["InOctets", 1_204_551],
      ["OutOctets", 998_310],
    ])
  );
}

/** Text of /proc/net/unix. */
export function unixTable(namespace: Namespace): string {
  const head = "Num       RefCount Protocol Flags    Type St Inode Path";
  const lines = [...namespace.unixSockets].map((path, index) => `0000000000000000: 00000002 00000000 00010000 0001 01 ${36_100 + index} ${path}`);
  return `${[head, ...lines].join("\n")}\n`;
}

/** The table by the name of its file under /proc/net, or `null` where there is no such file. */
export function procNetFile(namespace: Namespace, name: string, now: number): string | null {
  if (name === "tcp") return tcpTable(namespace, 4, now);
  if (name === "tcp6") return tcpTable(namespace, 6, now);
  if (name === "netstat") return netstatTable(namespace);
  if (name === "unix") return unixTable(namespace);
  return null;
}
