import { describe, expect, it } from "vitest";
import { parseInspectLine } from "../../../electron/core/probes/docker-inspect.ts";
import { findRoutes, mcpAddress, splitEndpoint } from "../../../electron/core/probes/routes.ts";
import { inspected } from "./samples.ts";

const target = { ports: { relay: 4004, api: 4002, vnc: 5900 } };
const container = (changes: Record<string, unknown> = {}) => {
  const found = parseInspectLine(JSON.stringify(inspected(changes)));
  if (found === null) throw new Error("bad sample");
  return found;
};

describe("routes", () => {
  it("takes the published port, else the container's own address at the relay", () => {
    expect(findRoutes(container(), target)).toEqual({
      api: { host: "172.18.0.2", port: 4004, by: "container-address", containerPort: 4004, through: "relay" },
      vnc: { host: "127.0.0.1", port: 15900, by: "published", containerPort: 5900, through: "direct" },
    });
  });
  it.each([
    ["0.0.0.0", "127.0.0.1"],
    ["::", "127.0.0.1"],
    ["", "127.0.0.1"],
    ["192.168.1.5", "192.168.1.5"],
  ])("reaches a port published on '%s' at %s", (HostIp, host) => {
    const ports = { "4004/tcp": [{ HostIp, HostPort: "14002" }] };
    expect(findRoutes(container({ ports }), target).api).toEqual({ host, port: 14002, by: "published", containerPort: 4004, through: "relay" });
  });
  it("notices a raw API port that is published, and prefers the relay where both are", () => {
    const raw = { "4002/tcp": [{ HostIp: "", HostPort: "4002" }] };
    expect(findRoutes(container({ ports: raw }), target).api).toMatchObject({ through: "direct", port: 4002 });
    expect(findRoutes(container({ ports: { ...raw, "4004/tcp": [{ HostIp: "", HostPort: "14002" }] } }), target).api).toMatchObject({ through: "relay" });
  });
  it("uses loopback in the host's own network", () => {
    expect(findRoutes(container({ networkMode: "host", networks: {}, ports: {} }), target)).toEqual({
      api: { host: "127.0.0.1", port: 4004, by: "host-network", containerPort: 4004, through: "relay" },
      vnc: { host: "127.0.0.1", port: 5900, by: "host-network", containerPort: 5900, through: "direct" },
    });
  });
  it("obeys the settings and finds out what they lead to", () => {
    const ports = { "4002/tcp": [{ HostIp: "0.0.0.0", HostPort: "14002" }] };
    expect(findRoutes(container({ ports }), target, { api: "127.0.0.1:14002" }).api).toEqual({
      host: "127.0.0.1",
      port: 14002,
      by: "settings",
      containerPort: 4002,
      through: "direct",
    });
    expect(findRoutes(null, target, { api: "[::1]:9", vnc: "gw.lan:1" })).toEqual({
      api: { host: "::1", port: 9, by: "settings", containerPort: null, through: "unknown" },
      vnc: { host: "gw.lan", port: 1, by: "settings", containerPort: null, through: "direct" },
    });
  });
  it("has none where there is none", () => {
    expect(findRoutes({ kind: "missing", seen: [] }, target)).toEqual({ api: null, vnc: null });
    expect(findRoutes(null, target)).toEqual({ api: null, vnc: null });
    // Docker on a Mac or on Windows runs in a virtual machine: the container's address leads nowhere from there.
    expect(findRoutes(container(), target, {}, "local", "darwin").api).toBeNull();
  });
  it("splits endpoints and urls", () => {
    expect(splitEndpoint("[fe80::1]:5900")).toEqual({ host: "fe80::1", port: 5900 });
    expect(splitEndpoint("host:0")).toBeNull();
    expect(splitEndpoint("nonsense")).toBeNull();
    expect(mcpAddress("http://127.0.0.1:48012/x")).toEqual({ host: "127.0.0.1", port: 48012 });
    expect(mcpAddress("http://[::1]")).toEqual({ host: "::1", port: 80 });
    expect(mcpAddress("nonsense")).toBeNull();
  });
});
