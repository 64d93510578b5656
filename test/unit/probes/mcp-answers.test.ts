import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jtsPaths, parsePeer } from "../../../electron/core/probes/jts-peer.ts";
import { eventData, parseGatewayStatus, parseHealth, parseRpc } from "../../../electron/core/probes/mcp/mcp-answers.ts";
import { parseHealing } from "../../../electron/core/probes/mcp/mcp-healing.ts";
import { readGreeting } from "../../../electron/core/probes/screen-greeting.ts";

const HEALTH = {
  status: "degraded",
  ib_connected: true,
  options_client_connected: false,
  service: "ib-mcp",
  ib_host: "mcp-ib-gateway-paper",
  ib_port: "4004",
  circuit_breaker: { state: "half_open", failure_count: 3, last_failure_ago: 1.5, recovery_in: 20 },
  pool: { pool_size: 3, workers_alive: 2, workers_ib_connected: 1, workers_available: 1, workers: [{ id: 0 }, { id: 1 }, { id: 2 }] },
};

describe("the health report", () => {
  it("is read with breaker and workers", () => {
    expect(parseHealth(JSON.stringify(HEALTH))).toEqual({
      status: "degraded",
      ibConnected: true,
      breaker: "half-open",
      workers: 3,
      workersAlive: 2,
      workersConnected: 1,
    });
  });
  it("may lack everything but a status", () => {
    expect(parseHealth('{"status":"ok"}')).toEqual({
      status: "other",
      ibConnected: null,
      breaker: null,
      workers: null,
      workersAlive: null,
      workersConnected: null,
    });
    expect(parseHealth('{"status":"healthy","ib_connected":"yes","pool":7,"circuit_breaker":{"state":1}}')).toMatchObject({
      status: "healthy",
      ibConnected: null,
    });
    expect(parseHealth("<html>")).toBeNull();
    expect(parseHealth("[]")).toBeNull();
  });
  it("of the gateway is read as well", () => {
    expect(parseGatewayStatus('{"status":"api_ready","api_port_open":true,"ib_connected":false}')).toEqual({
      status: "api_ready",
      apiPortOpen: true,
      ibConnected: false,
    });
    expect(parseGatewayStatus("{}")).toBeNull();
  });
  it("survives anything", () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => void [parseHealth(text), parseGatewayStatus(text)]));
    const whole = JSON.stringify(HEALTH);
    fc.assert(fc.property(fc.nat(whole.length - 1), (length) => parseHealth(whole.slice(0, length)) === null));
  });
});

describe("JSON-RPC answers", () => {
  it("are found in JSON, in batches and in event streams", () => {
    expect(parseRpc("application/json", '{"jsonrpc":"2.0","id":"a","result":{}}')).toEqual(
      [{ id: "a", result: {}, error: undefined }].map(({ id, result }) => ({ id, result })),
    );
    expect(parseRpc("application/json", '[{"id":1,"result":1},{"id":2,"error":{"code":-32603,"message":"x"}}]').map((one) => one.id)).toEqual([1, 2]);
    const stream =
      ': ping\r\n\r\nid: 1\r\ndata:\r\n\r\nevent: message\r\ndata: {"method":"notifications/progress"}\r\n\r\ndata: {"id":"a",\r\ndata: "result":{"x":1}}\r\n\r\ndata: {"id":"cut"';
    expect(parseRpc("text/event-stream; charset=utf-8", stream)).toEqual([{ id: "a", result: { x: 1 } }]);
  });
  it("keep the text of an event whole", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), (values) => {
        const body = values
          .map(
            (value) =>
              `${JSON.stringify({ value }, null, 1)
                .split("\n")
                .map((line) => `data: ${line}\n`)
                .join("")}\n`,
          )
          .join("");
        expect(eventData(body).map((text) => JSON.stringify(JSON.parse(text)))).toEqual(values.map((value) => JSON.stringify({ value })));
      }),
    );
  });
  it("survive anything", () => {
    fc.assert(
      fc.property(fc.constantFrom("application/json", "text/event-stream", ""), fc.oneof(fc.json(), fc.string()), (type, text) => void parseRpc(type, text)),
    );
  });
});

describe("self-healing in the MCP server's log", () => {
  it("is the newest line that says so, on our clock", () => {
    const text = [
      "2026-11-22T10:00:00.5Z INFO Auto-reconnecting gateway: no worker connected for 2 rounds",
      "2026-11-22T10:05:00.5Z INFO Restarting gateway container mcp-ib-gateway-paper",
      "2026-11-22T10:06:00Z INFO GET /health 200",
      "no stamp: auto-reconnecting gateway",
    ].join("\n");
    expect(parseHealing(text, 1000)).toEqual({ at: Date.parse("2026-11-22T10:04:59.500Z"), text: "INFO Restarting gateway container mcp-ib-gateway-paper" });
    expect(parseHealing("2026-11-22T10:06:00Z worker 1 restarted", 0)).toBeNull();
  });
  it("survives anything", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseHealing(text, 0)));
  });
});

describe("jts.ini", () => {
  it("names the region", () => {
    expect(parsePeer("[Logon]\r\nLocale=en\r\n[Communication]\r\nPeer=cdc1.ibllc.com:4001\r\n")).toBe("cdc1");
    expect(parsePeer("[Communication]\nPeer=\n")).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => void parsePeer(text)));
  });
  it("is looked for in the mounted settings first, by mode", () => {
    const mounts = [
      { kind: "volume", destination: "/home/ibgateway/tws_settings" },
      { kind: "bind", destination: "/odd path;x" },
    ];
    expect(jtsPaths({ mounts }, "live", "jts.ini")).toEqual([
      "/home/ibgateway/tws_settings_live/jts.ini",
      "/home/ibgateway/tws_settings/jts.ini",
      "/home/ibgateway/Jts_live/jts.ini",
      "/home/ibgateway/Jts/jts.ini",
    ]);
  });
});

describe("the screen's greeting", () => {
  it("is known byte by byte", () => {
    const whole = Buffer.from("RFB 003.008\n");
    for (let length = 0; length < whole.length; length++) expect(readGreeting(whole.subarray(0, length), false)).toBeNull();
    expect(readGreeting(whole, false)).toEqual({ kind: "answers", version: "003.008", login: "not-tried", picture: null });
    expect(readGreeting(Buffer.from("RFB 003.008\nmore"), false)).toMatchObject({ kind: "answers" });
  });
  it("is a refusal where a reason comes with the old version, and none where a server of that version waits", () => {
    const reason = "Too many security failures";
    const refusal = Buffer.concat([Buffer.from("RFB 003.003\n"), Buffer.from([0, 0, 0, 0, 0, 0, 0, reason.length]), Buffer.from(reason)]);
    for (let length = 12; length < refusal.length; length++) {
      expect(readGreeting(refusal.subarray(0, length), false)).toBeNull();
      expect(readGreeting(refusal.subarray(0, length), true)?.kind).toBe(length < 20 ? "answers" : "blocked");
    }
    expect(readGreeting(refusal, false)).toEqual({ kind: "blocked", detail: `it turns log-ins away for a while: “${reason}”` });
  });
  it("is nothing else", () => {
    expect(readGreeting(Buffer.from("HTTP/1.1 400 Bad"), false)).toEqual({ kind: "wrong-service", detail: 'no screen answers there: "HTTP/1.1 400 Bad"' });
    expect(readGreeting(Buffer.from("SSH-2"), false)?.kind).toBe("wrong-service");
    expect(readGreeting(Buffer.from("RFB 003.0x8\n"), false)?.kind).toBe("wrong-service");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(readGreeting(bytes, true)).not.toBeNull();
        if (bytes.length >= 12) expect(readGreeting(bytes, false)).not.toBeNull();
      }),
    );
  });
});
