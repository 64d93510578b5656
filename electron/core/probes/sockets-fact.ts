import type { GatewayTarget, ScreenServerFact, SocketsFact } from "../diagnosis/evidence.ts";
import type { ProcNet, SocketRow } from "./proc-net.ts";

const ESTABLISHED = 1;
const SYN_SENT = 2;
const CLOSE_WAIT = 8;
const LISTEN = 10;
/** Where IBKR's servers listen (`Peer=ndc1.ibllc.com:4001` in jts.ini; 4000 for the encrypted line): facts §4.2. */
const BROKER_PORTS: readonly number[] = [4000, 4001];

/** What the tables say about the ports of one gateway. Pure. @param screen `null`: nothing is known of x11vnc */
export function socketsFact(table: ProcNet, ports: GatewayTarget["ports"], source: SocketsFact["source"], screen: ScreenServerFact | null = null): SocketsFact {
  const { rows } = table;
  const count = (test: (row: SocketRow) => boolean) => rows.filter(test).length;
  const listeners = rows.filter((row) => row.state === LISTEN).slice(0, 256);
  const own = new Set(rows.map((row) => row.local.address));
  return {
    source,
    listeners: listeners.map((row) => ({ port: row.local.port, family: row.family, address: row.local.address, queue: row.rxQueue })),
    api: {
      closeWaitOrphans: count((row) => row.state === CLOSE_WAIT && row.local.port === ports.api && row.inode === 0),
      closeWaitHeld: count((row) => row.state === CLOSE_WAIT && row.local.port === ports.api && row.inode !== 0),
      synSent: count((row) => row.state === SYN_SENT && row.remote.port === ports.api && isOwn(row.remote.address, own)),
      established: count((row) => row.state === ESTABLISHED && row.local.port === ports.api),
      unread: rows.reduce((sum, row) => (row.state === ESTABLISHED && row.local.port === ports.api ? sum + row.rxQueue : sum), 0),
      listener: listeners.find((row) => row.local.port === ports.api)?.inode ?? null,
    },
    relayClients: count((row) => row.state === ESTABLISHED && row.local.port === ports.relay),
    screenClients: count((row) => row.state === ESTABLISHED && row.local.port === ports.vnc),
    // The live gateway's own API port has the same number as IBKR's: only a remote end on another machine is a line to IBKR.
    brokerLines: count((row) => row.state === ESTABLISHED && BROKER_PORTS.includes(row.remote.port) && !isOwn(row.remote.address, own)),
    listenOverflows: table.listenOverflows,
    listenDrops: table.listenDrops,
    xServer: table.xServer,
    ...(screen === null ? {} : { screen }),
  };
}

function isOwn(address: string, own: ReadonlySet<string>): boolean {
  return address.startsWith("127.") || address === "::1" || own.has(address);
}
