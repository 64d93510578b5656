import { z } from "zod";

export interface DockerEvent {
  /** `start`, `die`, `oom`, `health_status: healthy` … */
  readonly action: string;
  readonly name: string;
  readonly id: string;
  /** By the server's clock, ms since the epoch. */
  readonly at: number | null;
}

/** Those that change what inspect says. Health checks and `docker exec` of others would else wake us several times a minute. */
const EVENTS = ["create", "start", "die", "oom", "destroy", "rename", "pause", "unpause", "update", "health_status"] as const;

export function eventsArgv(docker: string): string[] {
  return [docker, "events", "--format", "{{json .}}", "--filter", "type=container", ...EVENTS.flatMap((name) => ["--filter", `event=${name}`])];
}

const event = z.object({
  Type: z.string().optional(),
  Action: z.string().max(256).optional(),
  status: z.string().max(256).optional(),
  id: z.string().max(128).optional(),
  Actor: z.object({ ID: z.string().max(128).optional(), Attributes: z.object({ name: z.string().max(256).optional() }).optional() }).optional(),
  time: z.number().optional(),
  timeNano: z.number().optional(),
});

/** One line of `docker events --format '{{json .}}'`. @returns `null` for what is no event of a container with a name */
export function parseEvent(line: string): DockerEvent | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = event.safeParse(json);
  if (!parsed.success || (parsed.data.Type ?? "container") !== "container") return null;
  const { Actor, timeNano, time } = parsed.data;
  const action = parsed.data.Action ?? parsed.data.status;
  const name = Actor?.Attributes?.name;
  if (action === undefined || name === undefined) return null;
  const at = timeNano !== undefined ? timeNano / 1e6 : time !== undefined ? time * 1000 : null;
  return { action, name, id: Actor?.ID ?? parsed.data.id ?? "", at: at !== null && at > 0 && at < 8.64e15 ? Math.round(at) : null };
}

/** Does the event concern what we watch? Actions begin with the event's name (`health_status: healthy`, `exec_start: sh`). */
export function isRelevant(found: DockerEvent, names: ReadonlySet<string>): boolean {
  // A rename bears the new name, and may take a name from us as well as give it.
  if (found.action === "rename") return true;
  return names.has(found.name) && EVENTS.some((name) => found.action === name || found.action.startsWith(`${name}:`));
}
