import type { Io } from "../shell/io.ts";
import type { DockerEngine, DockerEvent } from "./engine.ts";
import { formatTemplate, goJson, TemplateError } from "./go-template.ts";
import { dockerTime } from "./inspect-json.ts";
import type { LogEntry } from "./log-store.ts";
import { parseOptions } from "./options.ts";

/** `docker logs` and `docker events`: what goes on over time. */

/** RFC 3339, seconds since the epoch, or a Go duration before now. @returns ms since the epoch, `null` when it is none of them */
export function parseTime(text: string, now: number): number | null {
  if (/^\d{1,11}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.length > 0 && parts.map((part) => part[0]).join("") === text) {
    const unit: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
    return now - parts.reduce((sum, part) => sum + Number(part[1]) * (unit[part[2] ?? "s"] ?? 0), 0);
  }
  // Date.parse takes at most milliseconds.
  const at = Date.parse(text.replace(/(\.\d{3})\d+/, "$1").replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?)$/, "$1Z"));
  return Number.isNaN(at) ? null : at;
}

export async function logs(engine: DockerEngine, argv: readonly string[], io: Io): Promise<number> {
  const options = parseOptions(argv, ["tail", "n", "since", "until"]);
  const name = options.operands[0] ?? "";
  const container = engine.find(name);
  if (container === null) {
    io.err(`Error response from daemon: No such container: ${name}\n`);
    return 1;
  }
  const now = engine.clock.now();
  const sinceText = options.value("since");
  const untilText = options.value("until");
  const since = sinceText === undefined ? null : parseTime(sinceText, now);
  const until = untilText === undefined ? null : parseTime(untilText, now);
  if ((sinceText !== undefined && since === null) || (untilText !== undefined && until === null)) {
    io.err(`Error response from daemon: invalid value for "since": failed to parse value as time or duration: "${sinceText ?? untilText}"\n`);
    return 1;
  }
  const stamps = options.has("timestamps", "t");
  const print = (entry: LogEntry) => {
    const line = `${stamps ? `${dockerTime(entry.at)} ` : ""}${entry.text}\n`;
    if (entry.source === "stdout") io.out(line);
    else io.err(line);
  };
  const chosen = container.log.entries.filter((entry) => (since === null || entry.at >= since) && (until === null || entry.at <= until));
  const tailText = options.value("tail") ?? options.value("n") ?? "all";
  const tail = tailText === "all" ? chosen.length : Number(tailText);
  for (const entry of tail > 0 ? chosen.slice(-tail) : []) print(entry);
  if (!options.has("f", "follow") || !container.running) return 0;
  const unfollow = container.log.follow(print);
  let stop: () => void = () => undefined;
  const died = new Promise<void>((resolve) => {
    stop = engine.onEvent((event) => {
      if (event.id === container.id && event.action === "die") resolve();
    });
  });
  await Promise.race([died, engine.broken(io.signal)]);
  stop();
  unfollow();
  return brokenOff(engine, io);
}

function brokenOff(engine: DockerEngine, io: Io): number {
  if (engine.fault === null || io.signal.aborted) return 0;
  io.err("error during connect: unexpected EOF\n");
  return 1;
}

function eventJson(event: DockerEvent) {
  return {
    status: event.action,
    id: event.id,
    from: event.attributes.image ?? "",
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes },
    scope: "local",
    time: Math.floor(event.at / 1000),
    timeNano: event.at * 1_000_000,
  };
}

export async function events(engine: DockerEngine, argv: readonly string[], io: Io): Promise<number> {
  const options = parseOptions(argv, ["format", "filter", "f", "since", "until"]);
  const format = options.value("format") ?? "{{json .}}";
  const wanted = new Map<string, string[]>();
  for (const filter of [...options.values("filter"), ...options.values("f")]) {
    const [key = "", ...rest] = filter.split("=");
    wanted.set(key, [...(wanted.get(key) ?? []), rest.join("=")]);
  }
  // Filters of one key are alternatives, of several keys conditions.
  const matches = (event: DockerEvent) =>
    [...wanted].every(([key, values]) => {
      if (key === "type") return values.includes(event.type);
      if (key === "event") return values.some((value) => event.action === value || event.action.startsWith(`${value}:`));
      if (key === "container") return values.some((value) => event.attributes.name === value || event.id.startsWith(value));
      return true;
    });
  const until = options.value("until");
  const stop = engine.onEvent((event) => {
    if (!matches(event)) return;
    const value = eventJson(event);
    try {
      io.out(`${format === "json" ? goJson(value) : formatTemplate(format, value)}\n`);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      io.err(`template parsing error: ${error.message}\n`);
    }
  });
  if (until === undefined) await engine.broken(io.signal);
  stop();
  return brokenOff(engine, io);
}
