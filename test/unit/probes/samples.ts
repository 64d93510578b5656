/** What `docker inspect` says of the paper gateway in the format we ask for. */
export function inspected(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: "3f2a",
    name: "/mcp-ib-gateway-paper",
    image: "ghcr.io/gnzsnz/ib-gateway:latest",
    imageId: "sha256:77",
    state: {
      Status: "running",
      Running: true,
      Pid: 4242,
      ExitCode: 0,
      Error: "",
      OOMKilled: false,
      StartedAt: "2026-11-22T09:00:00.987654321Z",
      FinishedAt: "0001-01-01T00:00:00Z",
      Health: { Status: "healthy", FailingStreak: 0, Log: [] },
    },
    restartCount: 2,
    restartPolicy: "always",
    created: "2026-11-19T08:00:00.123456789Z",
    ports: { "4003/tcp": null, "5900/tcp": [{ HostIp: "127.0.0.1", HostPort: "15900" }] },
    networks: { ib_default: { IPAddress: "172.18.0.2", GlobalIPv6Address: "" } },
    networkMode: "ib_default",
    mounts: [{ Type: "volume", Source: "/var/lib/docker/volumes/x", Destination: "/home/ibgateway/tws_settings" }],
    project: "ib",
    service: "ib-gateway",
    dir: "/srv/ib",
    files: "/srv/ib/docker-compose.yml",
    ...changes,
  };
}
