import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecError } from "../../../electron/core/host-link/host-link.ts";
import { socketNamed } from "../../../electron/core/probes/docker-door.ts";
import { dockerFault, dockerFaultOf } from "../../../electron/core/probes/docker-errors.ts";
import { eventsArgv, isRelevant, parseEvent } from "../../../electron/core/probes/docker-events.ts";
import { dockerTime, INSPECT_FORMAT, parseInspect, parseInspectLine } from "../../../electron/core/probes/docker-inspect.ts";
import { parseTop, topArgv } from "../../../electron/core/probes/docker-top.ts";
import { beginningOf } from "../../../electron/core/probes/watched-gateway.ts";
import { inspected } from "./samples.ts";

describe("docker inspect", () => {
  it("asks for no environment and no command line", () => {
    expect(INSPECT_FORMAT).not.toMatch(/\.Env|\.Cmd|\.Args|\.Entrypoint|\.Path\b|Labels}}/);
  });
  it("reads a running container", () => {
    expect(parseInspectLine(JSON.stringify(inspected()))).toEqual({
      kind: "present",
      id: "3f2a",
      name: "mcp-ib-gateway-paper",
      image: "ghcr.io/gnzsnz/ib-gateway:latest",
      imageId: "sha256:77",
      status: "running",
      pid: 4242,
      exitCode: null,
      oomKilled: false,
      error: "",
      restartCount: 2,
      restartPolicy: "always",
      createdAt: Date.parse("2026-11-19T08:00:00.123Z"),
      startedAt: Date.parse("2026-11-22T09:00:00.987Z"),
      finishedAt: null,
      health: "healthy",
      published: [{ containerPort: 5900, hostAddress: "127.0.0.1", hostPort: 15900 }],
      addresses: [{ network: "ib_default", address: "172.18.0.2" }],
      networkMode: "ib_default",
      mounts: [{ kind: "volume", destination: "/home/ibgateway/tws_settings" }],
      compose: { project: "ib", service: "ib-gateway", dir: "/srv/ib", files: ["/srv/ib/docker-compose.yml"] },
    });
  });
  it("reads an ended one: exit code, no process, no labels", () => {
    const line = inspected({ project: "", service: "", dir: "", files: "", ports: null, mounts: null, networks: { bridge: { IPAddress: "" } } });
    const state = { Status: "exited", Pid: 0, ExitCode: 137, OOMKilled: true, StartedAt: "2026-11-22T09:00:00Z", FinishedAt: "2026-11-22T09:10:00+01:00" };
    expect(parseInspectLine(JSON.stringify({ ...line, state }))).toMatchObject({
      status: "exited",
      pid: null,
      exitCode: 137,
      oomKilled: true,
      finishedAt: Date.parse("2026-11-22T08:10:00Z"),
      health: null,
      published: [],
      addresses: [],
      mounts: [],
      compose: null,
    });
  });
  it("leaves out udp, bindings without a port, and lines that are no container", () => {
    const ports = { "53/udp": [{ HostIp: "", HostPort: "53" }], "4004/tcp": [{ HostIp: "0.0.0.0" }, { HostIp: "::", HostPort: "14002" }], "4001/tcp": null };
    const found = parseInspect(`noise\n${JSON.stringify(inspected({ ports }))}\n{"id":1}\n`);
    expect(found.map((one) => one.published)).toEqual([[{ containerPort: 4004, hostAddress: "::", hostPort: 14002 }]]);
  });
  it("knows docker's zero time and its decimals", () => {
    expect(dockerTime("0001-01-01T00:00:00Z")).toBeNull();
    expect(dockerTime("2026-11-22T10:00:00.5Z")).toBe(Date.parse("2026-11-22T10:00:00.500Z"));
    expect(dockerTime("soon")).toBeNull();
  });
  it("survives any JSON and any cut", () => {
    fc.assert(fc.property(fc.json(), (text) => void parseInspect(text)));
    const whole = JSON.stringify(inspected());
    fc.assert(fc.property(fc.nat(whole.length - 1), (length) => parseInspectLine(whole.slice(0, length)) === null));
    const twisted = fc.dictionary(fc.constantFrom(...Object.keys(inspected())), fc.jsonValue());
    fc.assert(fc.property(twisted, (parts) => void parseInspectLine(JSON.stringify({ ...inspected(), ...parts }))));
  });
});

describe("the beginning of a run's log", () => {
  it("lies a little before its start, and after the end of the run before", () => {
    expect(beginningOf(10_000, null)).toBe(8_000);
    expect(beginningOf(10_000, 9_500)).toBe(9_501);
    expect(beginningOf(10_000, 1_000)).toBe(8_000);
    expect(beginningOf(10_000, 20_000)).toBe(8_000);
  });
});

describe("docker's own faults", () => {
  it.each([
    [1, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", "down"],
    [
      1,
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://…": dial unix: connect: permission denied',
      "permission",
    ],
    [127, "sh: 1: docker: not found", "not-installed"],
    [127, "bash: line 1: docker: command not found", "not-installed"],
    [126, "sh: /usr/bin/docker: cannot execute", "permission"],
    [1, "template parsing error", "error"],
    [125, "", "error"],
  ])("exit %i with '%s' is %s", (code, stderr, kind) => {
    expect(dockerFault({ code, stderr })?.kind).toBe(kind);
  });
  it("does not blame docker for a container that is not there or not running", () => {
    expect(dockerFault({ code: 1, stderr: "Error: No such container: x" })).toBeNull();
    expect(dockerFault({ code: 1, stderr: "error: no such object: x" })).toBeNull();
    expect(dockerFault({ code: 1, stderr: "Error response from daemon: Container 3f is not running" })).toBeNull();
    expect(dockerFault({ code: 0, stderr: "WARNING: …" })).toBeNull();
  });
  it("does not judge docker when the link is at fault", () => {
    expect(dockerFaultOf(new ExecError("link-down", "gone"))).toBeNull();
    expect(dockerFaultOf(new ExecError("timeout", "late"))?.kind).toBe("error");
    expect(dockerFaultOf(new ExecError("not-found", "no docker"))?.kind).toBe("not-installed");
  });
});

describe("the socket of a daemon that is down", () => {
  const complaint = (where: string) => `Cannot connect to the Docker daemon at ${where}. Is the docker daemon running?`;
  it.each([
    ["the usual one", complaint("unix:///var/run/docker.sock"), "/var/run/docker.sock"],
    ["a person's own", complaint("unix:///run/user/1000/docker.sock"), "/run/user/1000/docker.sock"],
    ["in another sentence", 'error during connect: Get "http://%2Fvar%2Frun": dial unix:///tmp/gl-1/docker.sock: no such file', "/tmp/gl-1/docker.sock"],
    ["none: over the network", complaint("tcp://127.0.0.1:2375"), null],
    ["none: nothing is named", "connection refused", null],
    ["none: no path", complaint("unix://docker.sock"), null],
  ])("%s", (_name, message, expected) => {
    expect(socketNamed(message)).toBe(expected);
  });
});

describe("docker events", () => {
  const line =
    '{"status":"die","id":"3f","from":"x","Type":"container","Action":"die","Actor":{"ID":"3f","Attributes":{"exitCode":"137","name":"mcp-ib-gateway-paper"}},"scope":"local","time":1795341600,"timeNano":1795341600123456789}';
  it("reads name, action and the server's clock", () => {
    expect(parseEvent(line)).toEqual({ action: "die", name: "mcp-ib-gateway-paper", id: "3f", at: 1_795_341_600_123 });
  });
  it("keeps to what changes a container we watch", () => {
    const names = new Set(["mcp-ib-gateway-paper"]);
    const event = (action: string, name = "mcp-ib-gateway-paper") => isRelevant({ action, name, id: "", at: null }, names);
    expect(event("die")).toBe(true);
    expect(event("health_status: unhealthy")).toBe(true);
    expect(event("exec_start: cat")).toBe(false);
    expect(event("die", "other")).toBe(false);
    expect(event("rename", "other")).toBe(true);
    expect(eventsArgv("docker").join(" ")).toContain("--filter event=oom");
  });
  it("survives anything", () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => void parseEvent(text)));
  });
});

describe("docker top", () => {
  it("tells running, stopped, dead and absent apart, and never asks for arguments", () => {
    expect(topArgv("docker", "x").join(" ")).not.toMatch(/args|cmd|command/);
    const text = "PID                 STAT                COMMAND\n1 Ss run.sh\n9 Sl x11vnc\n12 S socat\n13 T socat\n20 Tl java\n30 Z Xvfb <defunct>\n";
    expect(parseTop(text)).toEqual({ java: "stopped", socat: "running", x11vnc: "running", xvfb: "zombie" });
    expect(parseTop("PID STAT COMMAND\n1 Ss run.sh\n")).toEqual({ java: "absent", socat: "absent", x11vnc: "absent", xvfb: "absent" });
  });
  it("gives nothing for anything else", () => {
    expect(parseTop("")).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => void parseTop(`PID STAT COMMAND\n${text}`)));
  });
});
