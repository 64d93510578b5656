import { describe, expect, it } from "vitest";
import type { ContainerFact, Listener, PresentContainer, Route } from "../../../electron/core/diagnosis/evidence.ts";
import { followedRoute, type PortNews } from "../../../electron/core/session/followed-port.ts";

const listening = (...ports: number[]): Listener[] => ports.map((port) => ({ port, family: 6, address: "::", queue: 0 }));
const own: Route = { host: "172.18.0.2", port: 4002, by: "container-address", containerPort: 4002, through: "direct" };
const container = (change: Partial<PresentContainer> = {}): ContainerFact => ({
  kind: "present",
  id: "a".repeat(64),
  name: "mcp-ib-gateway-paper",
  image: "ghcr.io/gnzsnz/ib-gateway:stable",
  imageId: "sha256:aaaa",
  status: "running",
  pid: 4711,
  exitCode: null,
  oomKilled: false,
  error: "",
  restartCount: 0,
  restartPolicy: "always",
  createdAt: null,
  startedAt: null,
  finishedAt: null,
  health: null,
  published: [],
  addresses: [{ network: "ib-paper_default", address: "172.18.0.2" }],
  networkMode: "ib-paper_default",
  mounts: [],
  compose: null,
  ...change,
});
const publishes = (containerPort: number, hostPort: number) => ({ containerPort, hostAddress: "127.0.0.1", hostPort });
const news = (change: Partial<PortNews> = {}): PortNews => ({
  settingsPort: 4002,
  announced: 4010,
  route: own,
  container: container(),
  listeners: listening(4010, 4004, 5900),
  ...change,
});

describe("after the gateway announced another API port", () => {
  const published: Route = { host: "127.0.0.1", port: 14_012, by: "published", containerPort: 4002, through: "direct" };
  const settings: Route = { host: "172.18.0.2", port: 4002, by: "settings", containerPort: 4002, through: "direct" };
  const local: Route = { host: "127.0.0.1", port: 4002, by: "settings", containerPort: 4002, through: "direct" };
  it.each<[string, Partial<PortNews>, { host: string; port: number }]>([
    ["the container's own address", {}, { host: "172.18.0.2", port: 4010 }],
    ["the host's network", { route: { ...own, host: "127.0.0.1", by: "host-network" } }, { host: "127.0.0.1", port: 4010 }],
    ["an address of the settings that is the container's", { route: settings }, { host: "172.18.0.2", port: 4010 }],
    [
      "such an address at a port that nobody knows",
      { route: { ...settings, port: 7000, containerPort: 7000, through: "unknown" } },
      { host: "172.18.0.2", port: 4010 },
    ],
    [
      "loopback where the container uses the host's network",
      { route: local, container: container({ networkMode: "host" }) },
      { host: "127.0.0.1", port: 4010 },
    ],
    [
      "a published port, where the new one is published too",
      { route: published, container: container({ published: [publishes(4002, 14_012), publishes(4010, 14_020)] }) },
      { host: "127.0.0.1", port: 14_020 },
    ],
  ])("it is followed by %s", (_name, change, address) => {
    expect(followedRoute(news(change))).toMatchObject({ ...address, containerPort: 4010, through: "direct" });
  });

  it.each<[string, Partial<PortNews>]>([
    ["nothing was announced", { announced: null }],
    ["the announced port is the settings' own", { announced: 4002, listeners: listening(4002, 4004) }],
    ["the relay still leads to the old port", { route: { ...own, port: 4004, containerPort: 4004, through: "relay" } }],
    ["nothing listens at the new port yet", { listeners: listening(4004, 5900) }],
    ["the old port listens again", { listeners: listening(4002, 4010, 4004) }],
    ["no socket table is known", { listeners: null }],
    ["no way to the API is known", { route: null }],
    ["the new port is not published", { route: published, container: container({ published: [publishes(4002, 14_012)] }) }],
    ["the address of the settings leads elsewhere", { route: { ...settings, host: "127.0.0.1", port: 14_012 } }],
    ["nothing is known of the container", { route: settings, container: null }],
  ])("the route stays where %s", (_name, change) => {
    expect(followedRoute(news(change))).toBeNull();
  });
});
