import { describe, expect, it, onTestFinished } from "vitest";
import type { Endpoint } from "../../../electron/simulator/net/endpoint.ts";
import { hexAddress4, hexAddress6, netstatTable, tcpTable, unixTable } from "../../../electron/simulator/net/proc-tables.ts";
import { Relay } from "../../../electron/simulator/net/relay.ts";
import { VirtualNet } from "../../../electron/simulator/net/virtual-net.ts";
import { SimClock } from "../../../electron/simulator/sim-clock.ts";
import { eventually } from "./support/sim.ts";

function world(speed = 1) {
  const clock = new SimClock(speed);
  onTestFinished(() => clock.dispose());
  const net = new VirtualNet(clock);
  return { clock, net, box: net.add("box", "172.18.0.2"), other: net.add("other", "172.18.0.3") };
}
type World = ReturnType<typeof world>;

function connect({ net, box }: World, port: number, from = box): Promise<Endpoint | string> {
  return new Promise((resolve) => net.connect(from, from === box ? "127.0.0.1" : box.address, port, { connected: resolve, failed: resolve }));
}
const rows = (text: string) =>
  text
    .split("\n")
    .slice(1)
    .filter((line) => line !== "")
    .map((line) => line.trim().split(/\s+/));

describe("/proc/net of the simulated containers", () => {
  it("prints addresses as a little-endian kernel does", () => {
    expect(hexAddress4("127.0.0.1")).toBe("0100007F");
    expect(hexAddress4("172.18.0.2")).toBe("020012AC");
    expect(hexAddress6("::")).toBe("00000000000000000000000000000000");
    expect(hexAddress6("::1")).toBe("00000000000000000000000001000000");
    expect(hexAddress6("127.0.0.1")).toBe("0000000000000000FFFF00000100007F");
  });

  it("has a JVM's listener in tcp6 alone, with the kernel's own column widths", async () => {
    const { box } = world();
    const listener = box.listen({ port: 4002, family: 6, address: "::", onConnection: () => undefined });
    expect(tcpTable(box, 4, 0)).toBe(`${"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode".padEnd(149)}\n`);
    expect(tcpTable(box, 6, 0)).toBe(
      "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
        "   0: 00000000000000000000000000000000:0FA2 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 " +
        ` 1000        0 ${listener.inode} 1 0000000000000000 100 0 0 10 0\n`,
    );
  });

  it("shows both ends of an accepted connection and forgets it when both ended", async () => {
    const all = world();
    const accepted: Endpoint[] = [];
    all.box.listen({ port: 4002, family: 6, address: "::", onConnection: (socket) => accepted.push(socket.resume()) });
    const client = await connect(all, 4002);
    if (typeof client === "string") throw new Error(client);
    await eventually(() => accepted.length === 1, "accepted");
    const [row4] = rows(tcpTable(all.box, 4, Date.now()));
    const row6 = rows(tcpTable(all.box, 6, Date.now()))[1];
    expect(row4?.slice(2, 4)).toEqual(["0100007F:0FA2", "01"]);
    expect(row6?.[1]).toBe("0000000000000000FFFF00000100007F:0FA2");
    expect(row6?.[3]).toBe("01");
    expect(Number(row6?.[9])).toBeGreaterThan(0);
    client.end();
    await eventually(() => rows(tcpTable(all.box, 6, Date.now()))[1]?.[3] === "08", "CLOSE_WAIT with an owner");
    expect(Number(rows(tcpTable(all.box, 6, Date.now()))[1]?.[9])).toBeGreaterThan(0);
    expect(rows(tcpTable(all.box, 4, Date.now()))[0]?.[3]).toBe("05");
    accepted[0]?.end();
    await eventually(() => rows(tcpTable(all.box, 6, Date.now())).length === 1, "gone");
  });

  it("queues 51 connections of a listener that does not accept, then leaves SYNs unanswered", async () => {
    const all = world();
    const listener = all.box.listen({ port: 4002, family: 6, address: "::", onConnection: () => undefined });
    listener.setPaused(true);
    const clients = await Promise.all(Array.from({ length: 51 }, () => connect(all, 4002)));
    expect(clients.every((client) => typeof client !== "string")).toBe(true);
    expect(rows(tcpTable(all.box, 6, Date.now()))[0]?.[4]).toBe("00000000:00000033");
    void connect(all, 4002);
    await eventually(() => all.box.listenOverflows === 1, "overflow");
    const syn = rows(tcpTable(all.box, 4, Date.now())).find((row) => row[3] === "02");
    expect(syn?.[2]).toBe("0100007F:0FA2");
    expect(netstatTable(all.box)).toMatch(/^TcpExt: .*ListenOverflows ListenDrops .*\nTcpExt: .* 1 1 /m);
    const first = clients[0];
    if (typeof first === "string" || first === undefined) throw new Error("no client");
    first.write("hello");
    first.destroy();
    await eventually(() => rows(tcpTable(all.box, 6, Date.now())).some((row) => row[3] === "08"), "CLOSE_WAIT");
    const orphan = rows(tcpTable(all.box, 6, Date.now())).find((row) => row[3] === "08");
    expect(orphan?.[9]).toBe("0");
    // Five bytes and the FIN.
    expect(orphan?.[4]).toBe("00000000:00000006");
    expect(listener.queue.length).toBe(51);
  });

  it("accepts in order when the owner calls accept() again, and resets the queue when it closes", async () => {
    const all = world();
    const accepted: Endpoint[] = [];
    const listener = all.box.listen({ port: 4002, family: 6, address: "::", onConnection: (socket) => accepted.push(socket) });
    listener.setPaused(true);
    const one = await connect(all, 4002);
    const two = await connect(all, 4002);
    listener.setPaused(false);
    await eventually(() => accepted.length === 2, "both accepted");
    listener.setPaused(true);
    const three = await connect(all, 4002);
    if (typeof one === "string" || typeof two === "string" || typeof three === "string") throw new Error("not connected");
    const reset = new Promise((resolve) => three.once("error", resolve));
    listener.close();
    expect(await reset).toMatchObject({ code: "ECONNRESET" });
    expect(one.destroyed || two.destroyed).toBe(false);
    expect(await connect(all, 4002)).toBe("ECONNREFUSED");
  });

  it("keeps a listener on 127.0.0.1 from other machines, and knows no strangers", async () => {
    const all = world();
    all.box.listen({ port: 7, family: 4, address: "127.0.0.1", onConnection: () => undefined });
    expect(typeof (await connect(all, 7))).toBe("object");
    expect(await connect(all, 7, all.other)).toBe("ECONNREFUSED");
    expect(await new Promise((resolve) => all.net.connect(all.box, "198.51.100.9", 1, { connected: resolve, failed: resolve }))).toBe("EHOSTUNREACH");
  });

  it("lets socat accept first, end at once when refused, and after some 130 s when its SYN goes unanswered", async () => {
    const all = world(400);
    const lines: string[] = [];
    new Relay(all.box, { port: 4004, address: "0.0.0.0", targetHost: "127.0.0.1", targetPort: 4002, log: (line) => lines.push(line) });
    const refused = await connect(all, 4004, all.other);
    if (typeof refused === "string") throw new Error(refused);
    await new Promise((resolve) => refused.resume().once("end", resolve));
    expect(lines).toEqual([expect.stringMatching(/^socat\[\d+\] E connect\(5, AF=2 127\.0\.0\.1:4002, 16\): Connection refused$/)]);
    const listener = all.box.listen({ port: 4002, family: 6, address: "::", backlog: 0, onConnection: () => undefined });
    listener.setPaused(true);
    await connect(all, 4002);
    const started = Date.now();
    const late = await connect(all, 4004, all.other);
    if (typeof late === "string") throw new Error(late);
    await new Promise((resolve) => late.resume().once("end", resolve));
    expect(Date.now() - started).toBeGreaterThanOrEqual(127_000 / 400);
    expect(lines[1]).toMatch(/Connection timed out$/);
  });

  it("names the X server's socket", () => {
    const { box } = world();
    box.unixSockets.add("@/tmp/.X11-unix/X1");
    expect(unixTable(box).split("\n")[1]).toBe("0000000000000000: 00000002 00000000 00010000 0001 01 36100 @/tmp/.X11-unix/X1");
  });
});
