import { z } from "zod";
import type { PresentContainer } from "../diagnosis/evidence.ts";

const label = (name: string) => `{{json (index .Config.Labels "com.docker.compose.${name}")}}`;

/**
 * One JSON object a container. Chosen fields: never Env (it holds the passwords), never the command or its arguments (`-passwd` of x11vnc).
 * Only `{{json …}}` and `index` are used, so that every docker and podman since 2018 understands it.
 */
export const INSPECT_FORMAT = `{${[
  `"id":{{json .Id}}`,
  `"name":{{json .Name}}`,
  `"image":{{json .Config.Image}}`,
  `"imageId":{{json .Image}}`,
  `"state":{{json .State}}`,
  `"restartCount":{{json .RestartCount}}`,
  `"restartPolicy":{{json .HostConfig.RestartPolicy.Name}}`,
  `"created":{{json .Created}}`,
  `"ports":{{json .NetworkSettings.Ports}}`,
  `"networks":{{json .NetworkSettings.Networks}}`,
  `"networkMode":{{json .HostConfig.NetworkMode}}`,
  `"mounts":{{json .Mounts}}`,
  `"project":${label("project")}`,
  `"service":${label("service")}`,
  `"dir":${label("project.working_dir")}`,
  `"files":${label("project.config_files")}`,
].join(",")}}`;

export function inspectArgv(docker: string, names: readonly string[]): string[] {
  return [docker, "inspect", "--type", "container", "--format", INSPECT_FORMAT, ...names];
}

const MAX_LIST = 64;
const text = (max: number) =>
  z
    .string()
    .catch("")
    .transform((value) => value.slice(0, max));
const count = z.number().int().nonnegative().catch(0);
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(z.unknown())
    .catch([])
    .transform((values) =>
      values.slice(0, MAX_LIST).flatMap((value) => {
        const parsed = item.safeParse(value);
        return parsed.success ? [parsed.data] : [];
      }),
    );
const record = z.record(z.string(), z.unknown()).nullish().catch(null);

const binding = z.object({ HostIp: z.string().max(64).catch(""), HostPort: z.string().regex(/^\d{1,5}$/) });
const network = z.object({ IPAddress: z.string().max(64).catch(""), GlobalIPv6Address: z.string().max(64).catch("") });
const mount = z.object({ Type: text(32), Destination: text(4096), Name: text(256).nullish() });
const STATUSES = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;
const answer = z.object({
  id: z.string().min(1).max(128),
  name: z.string().min(1).max(256),
  image: text(512),
  imageId: text(128),
  state: z.object({
    Status: z.enum(STATUSES),
    Pid: count,
    ExitCode: z.number().int().catch(0),
    Error: text(500),
    OOMKilled: z.boolean().catch(false),
    StartedAt: text(64),
    FinishedAt: text(64),
    Health: z
      .object({ Status: z.enum(["starting", "healthy", "unhealthy"]) })
      .nullish()
      .catch(null),
  }),
  restartCount: count,
  restartPolicy: text(64),
  created: text(64),
  ports: record,
  networks: record,
  networkMode: text(256),
  mounts: list(mount),
  project: z.string().max(256).nullish().catch(null),
  service: z.string().max(256).nullish().catch(null),
  dir: z.string().max(4096).nullish().catch(null),
  files: z.string().max(8192).nullish().catch(null),
});

/** One line of `docker inspect` in our format. @returns `null` when it is not such a line */
export function parseInspectLine(line: string): PresentContainer | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success) return null;
  const { state, ...rest } = parsed.data;
  const alive = state.Status === "running" || state.Status === "paused";
  return {
    kind: "present",
    id: rest.id,
    name: rest.name.replace(/^\//, ""),
    image: rest.image,
    imageId: rest.imageId,
    status: state.Status,
    pid: alive && state.Pid > 0 ? state.Pid : null,
    // docker shows 0 while it runs, which is no exit code.
    exitCode: alive || state.Status === "created" ? null : state.ExitCode,
    oomKilled: state.OOMKilled,
    error: state.Error,
    restartCount: rest.restartCount,
    restartPolicy: rest.restartPolicy,
    createdAt: dockerTime(rest.created),
    startedAt: dockerTime(state.StartedAt),
    finishedAt: dockerTime(state.FinishedAt),
    health: state.Health?.Status ?? null,
    published: publishedPorts(rest.ports ?? {}),
    addresses: addresses(rest.networks ?? {}),
    networkMode: rest.networkMode,
    mounts: rest.mounts.map((one) => ({ kind: one.Type, destination: one.Destination, ...(one.Name == null ? {} : { name: one.Name }) })),
    compose: rest.project && rest.service ? { project: rest.project, service: rest.service, dir: rest.dir || null, files: split(rest.files) } : null,
  };
}

/** All containers of an output; lines that are none are left out. */
export function parseInspect(stdout: string): PresentContainer[] {
  return stdout
    .split("\n")
    .slice(0, 4 * MAX_LIST)
    .flatMap((line) => parseInspectLine(line.trim()) ?? []);
}

/**
 * RFC 3339 with up to nine decimals, as docker writes it. Docker's zero time (year 1) means: never.
 * @returns milliseconds since the epoch by the server's clock
 */
export function dockerTime(value: string): number | null {
  const match = /^(\d{4})(-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(value);
  if (match === null || match[1] === "0001") return null;
  const at = Date.parse(`${match[1]}${match[2]}.${(match[3] ?? "").padEnd(3, "0").slice(0, 3)}${match[4]}`);
  return Number.isFinite(at) ? at : null;
}

function publishedPorts(ports: Record<string, unknown>): PresentContainer["published"] {
  return Object.entries(ports)
    .slice(0, MAX_LIST)
    .flatMap(([key, bindings]) => {
      const containerPort = /^(\d{1,5})\/tcp$/.exec(key)?.[1];
      if (containerPort === undefined) return [];
      return list(binding)
        .parse(bindings)
        .map((one) => ({ containerPort: Number(containerPort), hostAddress: one.HostIp, hostPort: Number(one.HostPort) }));
    })
    .filter((one) => one.hostPort > 0 && one.hostPort < 65_536);
}

function addresses(networks: Record<string, unknown>): PresentContainer["addresses"] {
  return Object.entries(networks)
    .slice(0, MAX_LIST)
    .flatMap(([name, value]) => {
      const parsed = network.safeParse(value);
      if (!parsed.success) return [];
      const address = parsed.data.IPAddress || parsed.data.GlobalIPv6Address;
      return address === "" ? [] : [{ network: name.slice(0, 256), address }];
    });
}

function split(files: string | null | undefined): string[] {
  return files ? files.split(",").slice(0, 16) : [];
}
