/**
 * The least that could do it: ssh2 and two sessions of `@stoqey/ib` through its tunnel, a ping each 5 s and the time asked each 10 s; nothing else is looked
 * at. Arguments: SSH port, user, key file, then host:port of each gateway. Prints a line when both sessions are up. No TypeScript: Node's own compiler for it
 * would be measured too.
 */
import { readFileSync } from "node:fs";
import { IBApi } from "@stoqey/ib/dist/api/api.js";
import ssh2 from "ssh2";

const [port, username, key, ...gateways] = process.argv.slice(2);
const client = new ssh2.Client();
let ready = 0;

function session(address, clientId) {
  const [host, apiPort] = address.split(":");
  client.forwardOut("127.0.0.1", 0, host, Number(apiPort), (error, channel) => {
    if (error) throw error;
    const api = new IBApi({ host: "bench.invalid", port: 1, clientId, maxReqPerSec: 40 });
    const { controller } = api;
    // As electron/core/session/library-link.ts does.
    controller.socket.connect = () => {
      controller.socket._status = 2;
      controller.pause();
      controller.socket.client = channel;
      controller.socket.onConnect();
    };
    channel.on("data", (chunk) => controller.socket.onData(chunk));
    api.once("nextValidId", () => {
      setInterval(() => api.reqCurrentTime(), 10_000);
      if (++ready === gateways.length) process.stdout.write("up\n");
    });
    api.connect(clientId);
  });
}

client.on("ready", () => {
  for (const [at, address] of gateways.entries()) session(address, 960 + at);
});
client.connect({ host: "127.0.0.1", port: Number(port), username, privateKey: readFileSync(key), keepaliveInterval: 5_000, hostVerifier: () => true });
client.setNoDelay(true);
