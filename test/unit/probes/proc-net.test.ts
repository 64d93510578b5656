import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LookReader } from "../../../electron/core/probes/look-answer.ts";
import { MAX_ROWS, parseProcAddress, parseProcNet } from "../../../electron/core/probes/proc-net.ts";
import { socketsFact } from "../../../electron/core/probes/sockets-fact.ts";

const PORTS = { relay: 4003, api: 4001, vnc: 5900 };
const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
const v4 = (bytes: readonly number[]) =>
  [...bytes]
    .reverse()
    .map((byte) => hex(byte, 2))
    .join("");

describe("addresses of /proc/net", () => {
  it.each([
    ["0100007F:0FA2", "127.0.0.1", 4002],
    ["00000000:170C", "0.0.0.0", 5900],
    ["00000000000000000000000000000000:0FA2", "::", 4002],
    ["00000000000000000000000001000000:0FA1", "::1", 4001],
    ["0000000000000000FFFF0000020012AC:0FA4", "172.18.0.2", 4004],
    ["B80D01200000000067452301EFCDAB89:0016", "2001:db8::123:4567:89ab:cdef", 22],
    ["000080FE00000000FF005D0200000000:FFFF", "fe80::25d:ff:0:0", 65_535],
  ])("%s is %s", (text, address, port) => {
    expect(parseProcAddress(text)).toEqual({ address, port });
  });
  it("reads every IPv4 address and port", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }), fc.nat(65_535), (bytes, port) => {
        expect(parseProcAddress(`${v4(bytes)}:${hex(port, 4)}`)).toEqual({ address: bytes.join("."), port });
      }),
    );
  });
  it("refuses what is no address", () => {
    for (const text of ["", ":", "0100007F", "0100007F:", "0100007F:0FA", "0100007G:0FA2", "0100007F0100007F:0FA2", "0100007F:0FA22"]) {
      expect(parseProcAddress(text)).toBeNull();
    }
  });
});

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (local: string, remote: string, state: string, rx = 0, inode = 1) =>
  `   0: ${local} ${remote} ${state} 00000000:${hex(rx, 8)} 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

describe("the tables together", () => {
  const text = [
    HEAD,
    row("00000000:0FA3", "00000000:0000", "0A"),
    row("0100007F:9C40", "0100007F:0FA1", "01"),
    row("0100007F:0FA1", "0100007F:9C40", "01"),
    row("020012AC:C350", "08080808:0FA0", "01"),
    row("020012AC:C351", "08080808:0FA1", "01"),
    row("020012AC:0FA3", "050012AC:EA61", "01"),
    row("020012AC:170C", "010012AC:9C50", "01"),
    row("0100007F:0FA1", "0100007F:9C42", "08", 0, 0),
    row("0100007F:0FA1", "0100007F:9C43", "08", 0, 77),
    HEAD,
    row("00000000000000000000000000000000:0FA1", "00000000000000000000000000000000:0000", "0A", 51),
    "TcpExt: ListenDrops ListenOverflows",
    "TcpExt: 4 3",
    "Num       RefCount Protocol Flags    Type St Inode Path",
  ].join("\n");
  it("does not take the live API port for a line to IBKR", () => {
    expect(socketsFact(parseProcNet(text), PORTS, "docker-exec")).toEqual({
      source: "docker-exec",
      listeners: [
        { port: 4003, family: 4, address: "0.0.0.0", queue: 0 },
        { port: 4001, family: 6, address: "::", queue: 51 },
      ],
      api: { closeWaitOrphans: 1, closeWaitHeld: 1, synSent: 0, established: 1, unread: 0, listener: 1 },
      relayClients: 1,
      screenClients: 1,
      brokerLines: 2,
      listenOverflows: 3,
      listenDrops: 4,
      xServer: false,
    });
  });
  it("gives what is whole of a text cut anywhere", () => {
    const whole = parseProcNet(text);
    fc.assert(
      fc.property(fc.nat(text.length), (length) => {
        const part = parseProcNet(text.slice(0, length));
        expect(whole.rows.slice(0, part.rows.length).map((one) => one.local)).toEqual(part.rows.map((one) => one.local));
      }),
    );
  });
  it("survives anything and stays bounded", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 300 }),
          fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
        ),
        (noise) => void parseProcNet(noise),
      ),
    );
    expect(parseProcNet(`${row("00000000:0FA3", "00000000:0000", "0A")}\n`.repeat(MAX_ROWS + 100)).rows).toHaveLength(MAX_ROWS);
    expect(parseProcNet("x".repeat(3_000_000)).rows).toEqual([]);
  });
});

describe("answers of the look script", () => {
  const pidOf = () => 7;
  it("makes a whole answer of 'same'", () => {
    const reader = new LookReader();
    const feed = (line: string) => reader.feed(line, pidOf);
    feed("n 1 2");
    feed("x 1");
    feed("4 00000000:0FA3 00000000:0000 0A 00000000:00000000 11");
    const first = feed("@ 1 end");
    const second = feed("@ 2 same");
    if (first?.kind !== "table" || second?.kind !== "table") throw new Error("no table");
    expect(second.table).toEqual(first.table);
    expect(second.table).toMatchObject({ listenOverflows: 1, listenDrops: 2, xServer: true });
    expect(feed("@ 3 none gone")).toEqual({ tag: 3, kind: "none", why: "gone" });
    expect(feed("@ 4 same")).toBeNull();
  });
  it("ignores answers nobody waits for, together with their rows", () => {
    const reader = new LookReader();
    reader.feed("4 00000000:0FA3 00000000:0000 0A 00000000:00000000 11", pidOf);
    expect(reader.feed("@ 9 end", () => null)).toBeNull();
    const answer = reader.feed("@ 10 end", pidOf);
    expect(answer).toMatchObject({ kind: "table", table: { rows: [] } });
  });
  it("survives anything", () => {
    const word = fc.oneof(fc.constantFrom("@", "4", "6", "n", "x", "same", "end", "none", "1", "0A", "00000000:0FA3"), fc.string({ maxLength: 20 }));
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 8 }), { maxLength: 30 }), (lines) => {
        const reader = new LookReader();
        for (const words of lines) reader.feed(words.join(" "), pidOf);
      }),
    );
  });
});
