import type { ProcessRow } from "../docker/container.ts";
import type { Gateway } from "./gateway.ts";

/** Processes of a gateway's container by their numbers on the host. */
export function gatewayProcesses(gateway: Gateway, firstPid: number): ProcessRow[] {
  const rows: ProcessRow[] = [{ pid: firstPid, stat: "Ss", comm: "run.sh", args: "bash /home/ibgateway/scripts/run.sh" }];
  const add = (offset: number, stat: string, comm: string, args: string) => rows.push({ pid: firstPid + offset, stat, comm, args });
  if (gateway.sides.xvfbRunning) add(14, "Sl", "Xvfb", "/usr/bin/Xvfb :1 -ac -screen 0 1024x768x16");
  if (gateway.sides.vncRunning) add(21, "S", "x11vnc", "x11vnc -ncache_cr -display :1 -forever -shared -bg -noipv6 -passwd ********");
  if (gateway.plan.relay !== "not-a-file") add(25, "S", "run_socat.sh", "bash /home/ibgateway/scripts/run_socat.sh");
  if (gateway.sides.relayRunning)
    add(27, "S", "socat", `socat TCP-LISTEN:${gateway.relayPort},fork TCP:${gateway.plan.relayTarget ?? "127.0.0.1"}:${gateway.apiPort}`);
  add(29, "S", "ibcstart.sh", "bash /home/ibgateway/ibc/scripts/ibcstart.sh 10.45.1j --gateway");
  if (gateway.javaRunning)
    add(102, gateway.plan.hung === "stopped" ? "Tl" : "Sl", "java", "/usr/local/jre/bin/java -cp /home/ibgateway/Jts -Xmx768m ibcalpha.ibc.IbcGateway");
  return rows;
}
