import type { Container } from "./container.ts";

const ZERO = "0001-01-01T00:00:00Z";

/** RFC 3339 with nanoseconds, as Docker prints times. */
export function dockerTime(at: number | null): string {
  return at === null ? ZERO : new Date(at).toISOString().replace(/\.(\d{3})Z$/, ".$1204817Z");
}

function ports(container: Container): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const all: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const port of container.spec.exposed) all[`${port}/tcp`] = null;
  for (const port of container.spec.published) {
    const key = `${port.containerPort}/tcp`;
    all[key] = [...(all[key] ?? []), { HostIp: port.hostAddress, HostPort: String(port.hostPort) }];
  }
  return all;
}

/** One element of what `docker inspect NAME` prints. */
export function inspectJson(container: Container) {
  const { spec } = container;
  const running = container.running;
  const bindings = Object.fromEntries(Object.entries(ports(container)).filter(([, value]) => value !== null));
  return {
    Id: container.id,
    Created: dockerTime(container.createdAt),
    Path: spec.command[0] ?? "",
    Args: spec.command.slice(1),
    State: {
      Status: container.status,
      Running: running || container.status === "restarting",
      Paused: false,
      Restarting: container.status === "restarting",
      OOMKilled: container.oomKilled,
      Dead: false,
      Pid: container.pid,
      ExitCode: container.exitCode,
      Error: container.error,
      StartedAt: dockerTime(container.startedAt),
      FinishedAt: dockerTime(container.finishedAt),
    },
    Image: container.imageId,
    ResolvConfPath: `/var/lib/docker/containers/${container.id}/resolv.conf`,
    LogPath: `/var/lib/docker/containers/${container.id}/${container.id}-json.log`,
    Name: `/${spec.name}`,
    RestartCount: container.restartCount,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    AppArmorProfile: "docker-default",
    ExecIDs: null,
    HostConfig: {
      Binds: spec.mounts.filter((mount) => mount.type === "bind").map((mount) => `${mount.source}:${mount.destination}:ro`),
      LogConfig: { Type: "json-file", Config: {} },
      NetworkMode: spec.network,
      PortBindings: bindings,
      RestartPolicy: { Name: spec.restartPolicy, MaximumRetryCount: 0 },
      AutoRemove: false,
      Privileged: false,
      Memory: 0,
      NanoCpus: 0,
    },
    Mounts: spec.mounts.map((mount) => ({
      Type: mount.type,
      ...(mount.type === "volume" ? { Name: mount.name } : {}),
      Source: mount.source,
      Destination: mount.destination,
      Driver: mount.type === "volume" ? "local" : "",
      Mode: mount.type === "volume" ? "z" : "ro",
      RW: mount.type === "volume",
      Propagation: mount.type === "volume" ? "" : "rprivate",
    })),
    Config: {
      Hostname: container.id.slice(0, 12),
      Domainname: "",
      User: spec.image.includes("gateway") ? "1000:1000" : "",
      Tty: false,
      OpenStdin: false,
      Env: spec.env,
      Cmd: spec.command,
      Image: spec.image,
      ExposedPorts: Object.fromEntries(spec.exposed.map((port) => [`${port}/tcp`, {}])),
      Volumes: null,
      WorkingDir: spec.image.includes("gateway") ? "/home/ibgateway" : "/app",
      Entrypoint: null,
      Labels: spec.labels,
      StopSignal: "SIGTERM",
    },
    NetworkSettings: {
      Bridge: "",
      SandboxID: running ? container.id.replace(/^./, "9") : "",
      Ports: running ? ports(container) : {},
      IPAddress: "",
      Gateway: "",
      Networks: {
        [spec.network]: {
          IPAMConfig: null,
          Links: null,
          Aliases: [spec.name, spec.labels["com.docker.compose.service"] ?? spec.name, container.id.slice(0, 12)],
          NetworkID: "5b1e0c6a97f2".padEnd(64, "3"),
          EndpointID: running ? container.id.replace(/^./, "a") : "",
          Gateway: running ? spec.networkGateway : "",
          IPAddress: running ? container.namespace.address : "",
          IPPrefixLen: running ? 16 : 0,
          IPv6Gateway: "",
          GlobalIPv6Address: "",
          GlobalIPv6PrefixLen: 0,
          MacAddress: running ? "02:42:ac:12:00:02" : "",
          DNSNames: [spec.name, container.id.slice(0, 12)],
        },
      },
    },
  };
}
