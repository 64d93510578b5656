import type { Io } from "../shell/io.ts";
import type { Container } from "./container.ts";
import type { DockerEngine } from "./engine.ts";
import { formatTemplate, goJson, TemplateError } from "./go-template.ts";
import { dockerTime, inspectJson } from "./inspect-json.ts";
import { parseOptions } from "./options.ts";

/** `docker inspect`, `ps`, `top`, `version`, `info`, `images`: what only looks. */

/** As go-units prints a duration. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(minutes / 60 + 0.5);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  return `${Math.floor(hours / 24 / 7)} weeks`;
}

export function statusText(container: Container, now: number): string {
  const ago = humanDuration(now - (container.finishedAt ?? now));
  if (container.status === "running") return `Up ${humanDuration(now - (container.startedAt ?? now))}`;
  if (container.status === "restarting") return `Restarting (${container.exitCode}) ${ago} ago`;
  return container.status === "created" ? "Created" : `Exited (${container.exitCode}) ${ago} ago`;
}

function portsText(container: Container): string {
  if (!container.running) return "";
  const published = container.spec.published.map((port) => `${port.hostAddress}:${port.hostPort}->${port.containerPort}/tcp`);
  const only = container.spec.exposed.filter((port) => !container.spec.published.some((item) => item.containerPort === port)).map((port) => `${port}/tcp`);
  return [...only, ...published].join(", ");
}

function psRow(container: Container, now: number, full: boolean) {
  const { spec } = container;
  return {
    Command: goJson(spec.command.join(" ")),
    CreatedAt: `${dockerTime(container.createdAt).slice(0, 19).replace("T", " ")} +0000 UTC`,
    ID: full ? container.id : container.id.slice(0, 12),
    Image: spec.image,
    Labels: Object.entries(spec.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
    LocalVolumes: String(spec.mounts.filter((mount) => mount.type === "volume").length),
    Mounts: spec.mounts.map((mount) => (mount.type === "volume" ? mount.name : mount.source)).join(","),
    Names: spec.name,
    Networks: spec.network,
    Ports: portsText(container),
    RunningFor: `${humanDuration(now - container.createdAt)} ago`,
    Size: "0B",
    State: container.status,
    Status: statusText(container, now),
  };
}

function template(io: Io, format: string, value: unknown): boolean {
  try {
    io.out(`${format === "json" ? goJson(value) : formatTemplate(format, value)}\n`);
    return true;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    io.err(`template parsing error: ${error.message}\n`);
    return false;
  }
}

export function inspect(engine: DockerEngine, argv: readonly string[], io: Io, noun: "object" | "container" | "image"): number {
  const options = parseOptions(argv, ["format", "f", "type"]);
  const type = options.value("type") ?? (noun === "object" ? undefined : noun);
  const format = options.value("format") ?? options.value("f");
  if (options.operands.length === 0) {
    io.err('"docker inspect" requires at least 1 argument.\n');
    return 1;
  }
  const found: unknown[] = [];
  const missing: string[] = [];
  for (const name of options.operands) {
    const container = type === "image" ? null : engine.find(name);
    if (container !== null) found.push(inspectJson(container));
    else if (type !== "container" && engine.images.has(name)) found.push({ Id: engine.imageId(name), RepoTags: [name], Os: "linux", Architecture: "amd64" });
    else missing.push(name);
  }
  let code = 0;
  if (format === undefined || format === "") io.out(`${JSON.stringify(found, null, 4)}\n`);
  else for (const value of found) if (!template(io, format, value)) code = 64;
  const what = type === "container" ? "container" : type === "image" ? "image" : "object";
  for (const name of missing) io.err(type === "image" ? `Error: No such image: ${name}\n` : `Error: No such ${what}: ${name}\n`);
  return missing.length > 0 ? 1 : code;
}

export function ps(engine: DockerEngine, argv: readonly string[], io: Io): number {
  const options = parseOptions(argv, ["format", "filter", "f", "n", "last"]);
  const filters = [...options.values("filter"), ...options.values("f")];
  const matches = (container: Container) =>
    filters.every((filter) => {
      const [key = "", ...rest] = filter.split("=");
      const value = rest.join("=");
      if (key === "name") return new RegExp(value).test(`/${container.spec.name}`) || container.spec.name.includes(value);
      if (key === "status") return container.status === value;
      if (key === "id") return container.id.startsWith(value);
      if (key === "label") {
        const [label = "", ...wanted] = value.split("=");
        return label in container.spec.labels && (wanted.length === 0 || container.spec.labels[label] === wanted.join("="));
      }
      return true;
    });
  const all = options.has("a", "all") || filters.some((filter) => filter.startsWith("status="));
  const now = engine.clock.now();
  const shown = [...engine.containers.values()].filter(
    (container) => (all || container.status === "running" || container.status === "restarting") && matches(container),
  );
  const rows = shown.map((container) => psRow(container, now, options.has("no-trunc")));
  if (options.has("q", "quiet")) {
    for (const row of rows) io.out(`${row.ID}\n`);
    return 0;
  }
  const format = options.value("format");
  if (format !== undefined) return rows.every((row) => template(io, format.replace(/^table /, ""), row)) ? 0 : 64;
  io.out("CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES\n");
  for (const row of rows) io.out(`${row.ID}   ${row.Image}   ${row.Command}   ${row.RunningFor}   ${row.Status}   ${row.Ports}   ${row.Names}\n`);
  return 0;
}

export function top(engine: DockerEngine, argv: readonly string[], io: Io): number {
  const [name = "", ...rest] = argv;
  const container = engine.find(name);
  if (container === null) {
    io.err(`Error response from daemon: No such container: ${name}\n`);
    return 1;
  }
  if (!container.running || container.program === null) {
    io.err(`Error response from daemon: container ${container.id} is not running\n`);
    return 1;
  }
  const asked = /(?:-eo|-o|-e\s+-o|-axo|axo)\s*(\S+)/.exec(rest.join(" "))?.[1];
  const columns = (asked ?? "user,pid,ppid,c,stime,tty,time,args").split(",").map((column) => column.replace(/[=:].*$/, ""));
  const titles: Record<string, string> = {
    pid: "PID",
    stat: "STAT",
    state: "S",
    s: "S",
    comm: "COMMAND",
    args: "COMMAND",
    cmd: "CMD",
    command: "COMMAND",
    user: "UID",
    ppid: "PPID",
    c: "C",
    stime: "STIME",
    tty: "TTY",
    time: "TIME",
  };
  const rows = container.program.processes(container.pid);
  const cell = (row: (typeof rows)[number], column: string) => {
    if (column === "pid") return String(row.pid);
    if (column === "stat") return row.stat;
    if (column === "state" || column === "s") return row.stat.slice(0, 1);
    if (column === "comm") return row.comm;
    if (["args", "cmd", "command"].includes(column)) return row.args;
    return (
      {
        user: "1000",
        ppid: String(container.pid),
        c: "0",
        stime: "10:00",
        tty: "?",
        time: "00:00:01",
        etime: "01:00",
        rss: "812044",
        "%cpu": "1.2",
        pcpu: "1.2",
      }[column] ?? "-"
    );
  };
  const lines = [columns.map((column) => titles[column] ?? column.toUpperCase()), ...rows.map((row) => columns.map((column) => cell(row, column)))];
  for (const line of lines) io.out(`${line.map((text, index) => (index === line.length - 1 ? text : text.padEnd(20))).join("")}\n`);
  return 0;
}

export function version(engine: DockerEngine, argv: readonly string[], io: Io): number {
  const format = parseOptions(argv, ["format", "f"]);
  const value = {
    Client: { Version: "27.3.1", ApiVersion: "1.47", Os: "linux", Arch: "amd64" },
    Server: { Version: "27.3.1", ApiVersion: "1.47", Os: "linux", Arch: "amd64", MinAPIVersion: "1.24", ServerTime: dockerTime(engine.clock.now()) },
  };
  const text = format.value("format") ?? format.value("f");
  if (text !== undefined) return template(io, text, value) ? 0 : 64;
  io.out(
    "Client: Docker Engine - Community\n Version:           27.3.1\n API version:       1.47\n\nServer: Docker Engine - Community\n Engine:\n  Version:          27.3.1\n",
  );
  return 0;
}
