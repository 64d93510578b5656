import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container, ContainerSpec, PublishedPort } from "./docker/container.ts";
import { DockerEngine } from "./docker/engine.ts";
import { Gateway, type ScreenPort } from "./gateway/gateway.ts";
import { type ApiSettings, type GatewayPlan, healthyPlan } from "./gateway/plan.ts";
import { healthyMcp, type McpPlan } from "./mcp/mcp-plan.ts";
import { McpServer } from "./mcp/mcp-server.ts";
import type { Namespace } from "./net/namespace.ts";
import { ProcWriter } from "./net/proc-writer.ts";
import { Relay } from "./net/relay.ts";
import { VirtualNet } from "./net/virtual-net.ts";
import { createScreen } from "./screen/create-screen.ts";
import type { SimClock } from "./sim-clock.ts";

/** Days since the containers were started, in a home that runs well. */
export const USUAL_AGE_MS = 3 * 86_400_000;

export interface HomeGateway {
  readonly id: "paper" | "live";
  readonly mode: "paper" | "live";
  readonly container: string;
  readonly mcpContainer: string;
  readonly plan: GatewayPlan;
  readonly mcpPlan: McpPlan;
  readonly saved: ApiSettings;
  /** What runs in the container of that name now. */
  gateway: Gateway | null;
  mcp: McpServer | null;
  /** A scenario laid hands on it since the last reset. */
  touched: boolean;
}

export interface HomeOptions {
  readonly clock: SimClock;
  readonly dir: string;
  readonly vncPassword: string;
  /** Port on the host for a published container port; fixed ones where nothing real listens. */
  readonly hostPort: (gateway: "paper" | "live", containerPort: number) => number;
  /** Publish the relay port of both gateways (a real sshd cannot reach container addresses). */
  readonly publishAll: boolean;
  /** How far this process' clock is ahead of the machine's (tests that moved it), in ms. */
  readonly clockOffsetMs?: number;
}

const NETWORK_GATEWAY = "172.18.0.1";
const GATEWAY_IMAGE = "ghcr.io/gnzsnz/ib-gateway:stable";

const wanted = (mode: "paper" | "live"): ApiSettings => ({
  socketPort: mode === "paper" ? 4002 : 4001,
  readOnly: false,
  localhostOnly: true,
  trustedIps: ["127.0.0.1"],
});

/** The whole simulated server behind sshd: Docker, the two stacks, their network. */
export class Home {
  readonly clock: SimClock;
  readonly net: VirtualNet;
  readonly host: Namespace;
  readonly proc: ProcWriter;
  readonly engine: DockerEngine;
  readonly gateways: readonly HomeGateway[];
  readonly #options: HomeOptions;
  /** Their next container finds no settings; IBC then unticks "Read-Only API" as the environment says. */
  readonly #wiped = new Set<HomeGateway>();
  readonly #published = new Map<Container, Relay[]>();
  readonly #canary = `canary-${randomBytes(9).toString("hex")}`;

  constructor(options: HomeOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.net = new VirtualNet(options.clock);
    this.host = this.net.add("host", NETWORK_GATEWAY);
    this.proc = new ProcWriter(join(options.dir, "proc"), this.net);
    this.engine = new DockerEngine({ clock: this.clock, net: this.net, proc: this.proc });
    this.engine.onPublish = (container) => this.#publish(container);
    this.engine.onVolumeRemoved = (name) => {
      for (const item of this.gateways) {
        if (name !== this.#volume(item.mode)) continue;
        Object.assign(item.saved, { ...wanted(item.mode), readOnly: true });
        this.#wiped.add(item);
        if (item.plan.login === "stale-autorestart") item.plan.login = "good";
      }
    };
    this.engine.onPulled = (reference) => {
      for (const item of this.gateways) if (reference === GATEWAY_IMAGE && item.plan.login === "build-desupported") item.plan.login = "good";
    };
    this.gateways = (["paper", "live"] as const).map((mode) => ({
      id: mode,
      mode,
      container: `mcp-ib-gateway-${mode}`,
      mcpContainer: `mcp-ib-${mode}`,
      plan: healthyPlan(mode),
      mcpPlan: healthyMcp(),
      saved: wanted(mode),
      gateway: null,
      mcp: null,
      touched: false,
    }));
    for (const item of this.gateways) this.#blueprints(item);
  }

  /** The secret that stands in the containers' environment: it must never leave the server. */
  get canary(): string {
    return this.#canary;
  }

  /** Both stacks as they are on a good day. */
  start(): void {
    for (const item of this.gateways) this.#prepareStack(item);
    for (const item of this.gateways) this.#begin(item);
  }

  /** Undoes what scenarios did. Stacks that none of them touched keep running. */
  reset(): void {
    this.engine.setFault(null);
    this.setClockSkew(0);
    for (const item of this.gateways) {
      item.plan.api.marketOpen = true;
      if (!item.touched) continue;
      item.touched = false;
      for (const name of [item.container, item.mcpContainer]) {
        const container = this.engine.containers.get(name);
        if (container !== undefined) this.engine.remove(container);
      }
      const plan = healthyPlan(item.mode);
      Object.assign(item.plan, { ...plan, api: Object.assign(item.plan.api, plan.api), broker: Object.assign(item.plan.broker, plan.broker) });
      Object.assign(item.mcpPlan, healthyMcp());
      Object.assign(item.saved, wanted(item.mode));
      this.#begin(item);
    }
  }

  /** The server's own clock as its shell tells it. @param minutes ahead of the true time; 0 takes the shell's back */
  setClockSkew(minutes: number): void {
    const program = join(this.#options.dir, "bin", "date");
    const seconds = minutes * 60 + Math.round((this.#options.clockOffsetMs ?? 0) / 1_000);
    if (seconds === 0) rmSync(program, { force: true });
    else writeFileSync(program, `#!/bin/sh\nexec /bin/date -d "${seconds} seconds" "$@"\n`, { mode: 0o700 });
  }

  /** The containers of a stack anew, as `compose up --force-recreate` makes them. @param ageMs see `Container.start` */
  recreate(item: HomeGateway, ageMs: number): void {
    item.touched = true;
    const old = this.engine.containers.get(item.container);
    if (old !== undefined) this.engine.remove(old);
    this.engine.create(item.container, this.clock.now() - ageMs).start(ageMs);
  }

  byId(id: string): HomeGateway | null {
    return this.gateways.find((item) => item.id === id) ?? null;
  }

  dispose(): void {
    this.engine.dispose();
    this.proc.dispose();
  }

  #begin(item: HomeGateway): void {
    const created = this.clock.now() - USUAL_AGE_MS - 5 * 86_400_000;
    this.engine.create(item.container, created).start(USUAL_AGE_MS);
    this.engine.create(item.mcpContainer, created).start(USUAL_AGE_MS - 95_000);
  }

  #volume(mode: string): string {
    return `ib-${mode}_tws-settings`;
  }
  #projectDir(mode: string): string {
    return join(this.#options.dir, "home", "projects", `ib-${mode}`);
  }

  #prepareStack(item: HomeGateway): void {
    const dir = this.#projectDir(item.mode);
    const secrets = join(this.#options.dir, "home", "projects", "secrets");
    mkdirSync(dir, { recursive: true });
    mkdirSync(secrets, { recursive: true });
    writeFileSync(join(dir, "docker-compose.yml"), `# simulated\nname: ib-${item.mode}\nservices:\n  ib-gateway-${item.mode}:\n    image: ${GATEWAY_IMAGE}\n`);
    writeFileSync(join(secrets, `mcp-ib-${item.mode}.env`), `TWS_USERID=simulated\nTWS_PASSWORD=${this.#canary}\nVNC_SERVER_PASSWORD=${this.#canary}\n`, {
      mode: 0o600,
    });
  }

  #labels(mode: string, service: string): Record<string, string> {
    const dir = this.#projectDir(mode);
    return {
      "com.docker.compose.config-hash": "5e3b7c1a9a0f",
      "com.docker.compose.container-number": "1",
      "com.docker.compose.oneoff": "False",
      "com.docker.compose.project": `ib-${mode}`,
      "com.docker.compose.project.config_files": join(dir, "docker-compose.yml"),
      "com.docker.compose.project.working_dir": dir,
      "com.docker.compose.service": service,
      "com.docker.compose.version": "2.29.7",
    };
  }

  #gatewaySpec(item: HomeGateway): ContainerSpec {
    const { mode } = item;
    const relay = mode === "paper" ? 4004 : 4003;
    const published = (port: number): PublishedPort => ({ containerPort: port, hostAddress: "127.0.0.1", hostPort: this.#options.hostPort(mode, port) });
    const ports = item.plan.published ?? [5900, ...(mode === "paper" || this.#options.publishAll ? [relay] : [])];
    return {
      name: item.container,
      image: GATEWAY_IMAGE,
      env: [
        "TWS_USERID=simulated",
        `TWS_PASSWORD=${this.#canary}`,
        `TRADING_MODE=${mode}`,
        "TWS_ACCEPT_INCOMING=accept",
        "READ_ONLY_API=no",
        "TWOFA_TIMEOUT_ACTION=exit",
        "TIME_ZONE=Etc/UTC",
        "TWS_SETTINGS_PATH=/home/ibgateway/tws_settings",
        `VNC_SERVER_PASSWORD=${this.#canary}`,
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      ],
      labels: this.#labels(mode, `ib-gateway-${mode}`),
      network: `ib-${mode}_default`,
      networkGateway: NETWORK_GATEWAY,
      published: ports.map(published),
      exposed: [4003, 4004, 5900],
      mounts: [
        {
          type: "volume",
          name: this.#volume(mode),
          source: `/var/lib/docker/volumes/${this.#volume(mode)}/_data`,
          destination: "/home/ibgateway/tws_settings",
        },
      ],
      restartPolicy: "always",
      command: ["/home/ibgateway/scripts/run.sh"],
    };
  }

  #mcpSpec(item: HomeGateway): ContainerSpec {
    const { mode } = item;
    return {
      name: item.mcpContainer,
      image: `mcp-ib:${mode}`,
      env: [`IB_HOST=${item.container}`, `IB_PORT=${mode === "paper" ? 4004 : 4003}`, "IB_CLIENT_ID=1"],
      labels: this.#labels(mode, `ib-${mode}`),
      network: `ib-${mode}_default`,
      networkGateway: NETWORK_GATEWAY,
      published: [{ containerPort: 8000, hostAddress: "127.0.0.1", hostPort: this.#options.hostPort(mode, 8000) }],
      exposed: [8000],
      mounts: [],
      restartPolicy: "unless-stopped",
      command: ["uvicorn", "server:app", "--host", "0.0.0.0"],
    };
  }

  #blueprints(item: HomeGateway): void {
    const paper = item.mode === "paper";
    const screen = (gateway: Gateway): ScreenPort => createScreen({ gateway, clock: this.clock, password: this.#options.vncPassword });
    this.engine.blueprints.set(item.container, {
      spec: () => this.#gatewaySpec(item),
      address: paper ? "172.18.0.2" : "172.18.0.4",
      program: (container) => {
        if (this.#wiped.delete(item)) item.saved.readOnly = false;
        const gateway = new Gateway(container, { clock: this.clock, mode: item.mode, plan: item.plan, saved: item.saved, screen });
        item.gateway = gateway;
        return gateway;
      },
    });
    this.engine.blueprints.set(item.mcpContainer, {
      spec: () => this.#mcpSpec(item),
      address: paper ? "172.18.0.3" : "172.18.0.5",
      program: (container) => {
        const mcp = new McpServer(container, { clock: this.clock, home: this, gateway: item, plan: item.mcpPlan });
        item.mcp = mcp;
        return mcp;
      },
    });
  }

  /** docker-proxy for every published port of a running container. */
  #publish(container: Container): void {
    for (const relay of this.#published.get(container) ?? []) relay.close();
    this.#published.delete(container);
    if (!container.running) return;
    const relays = container.spec.published.map(
      (port) =>
        new Relay(this.host, {
          port: port.hostPort,
          address: port.hostAddress,
          targetHost: container.namespace.address,
          targetPort: port.containerPort,
          uid: 0,
        }),
    );
    this.#published.set(container, relays);
  }
}
