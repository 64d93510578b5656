import { type Cause, certain, likely, possible } from "../cause.ts";
import { exitMeaning } from "../exit-codes.ts";
import { failed, type Look } from "../look.ts";
import { coarse, duration, plural, redact } from "../text.ts";

/** Docker and the container: rows 3, 4 and 6 to 9. */

const MINUTE = 60_000;

/** Starts nobody asked Gatelight for, within the last `ms`. */
function foreignStarts(look: Look, ms: number) {
  return look.evidence.history.starts.filter((start) => !start.byUs && look.now - start.startedAt <= ms);
}

/** A healer's rounds are seldom further apart; three starts within 15 min leave no longer pauses than 7.5 min between them. */
const CALM_MS = { least: MINUTE, most: 10 * MINUTE } as const;

/** It has run undisturbed for clearly longer than the longest pause between the restarts: who made them has stopped. */
function isCalmAgain(look: Look, starts: readonly { readonly startedAt: number }[]): boolean {
  const gaps = starts.slice(1).map((start, index) => start.startedAt - (starts[index]?.startedAt ?? start.startedAt));
  const calm = Math.min(CALM_MS.most, Math.max(CALM_MS.least, 1.25 * Math.max(0, ...gaps)));
  return look.now - (starts.at(-1)?.startedAt ?? 0) > calm;
}

export const CONTAINER_CAUSES: readonly Cause[] = [
  {
    id: "forwarding-forbidden",
    row: 3,
    light: "server",
    state: "down",
    word: "no forwarding",
    title: "The SSH server forbids port forwarding",
    repairs: ["wait"],
    requires: "a channel was refused as administratively prohibited",
    ruledOutBy: "any forwarded connection that opened",
    decides: "AllowTcpForwarding, PermitOpen and the key's own options on the server (sshd -T).",
    rivals: ["vnc-off", "vnc-died"],
    when: (look) => {
      const failure = failed(look, "dial-forbidden");
      const say = (what: string) => `${what} was refused by the SSH server's policy (administratively prohibited); commands run, so the log-in is fine.`;
      if (failure !== null) return certain([say("The tunnel to the API"), redact(failure.detail)]);
      if (look.screen?.kind === "forbidden") return certain([say("The tunnel to the screen")], { light: "screen", state: "degraded" });
      if (look.mcp?.http === "forbidden") return certain([say("The tunnel to the MCP server")], { light: "mcp", state: "degraded" });
      return null;
    },
  },
  {
    id: "local-port-taken",
    row: 4,
    light: "server",
    state: "degraded",
    word: "port taken",
    title: "A local tunnel port is taken by another program",
    repairs: ["wait"],
    requires: "listening on 127.0.0.1 of this machine failed",
    ruledOutBy: "the forward listens",
    decides: "Another port, or 0 to let the system choose.",
    when: (look) => {
      const taken = (look.evidence.forwards?.value ?? []).filter((forward) => forward.state === "failed");
      if (taken.length === 0) return null;
      return certain(
        taken.map((forward) => `The forward for ${forward.target} could not listen on 127.0.0.1:${forward.localPort ?? "?"}: ${redact(forward.detail)}`),
      );
    },
  },
  {
    id: "docker-down",
    row: 6,
    light: "container",
    state: "down",
    word: "Docker down",
    title: "Docker does not run on the server",
    repairs: ["wait"],
    requires: "the docker command cannot connect to its daemon, or is not there",
    ruledOutBy: "docker answers",
    decides: "systemctl status docker on the server.",
    when: (look) => {
      const docker = look.docker;
      const state = look.answering ? ("degraded" as const) : ("down" as const);
      if (docker?.kind === "down") return certain([`docker says: ${redact(docker.message)}`], { state });
      if (docker?.kind === "not-installed")
        return likely([`There is no docker program: ${redact(docker.message)}`], { state, word: "no Docker", title: "Docker was not found on the server" });
      if (docker?.kind === "error")
        return likely([`docker failed: ${redact(docker.message)}`], { state, word: "Docker fails", title: "Docker does not answer as it should" });
      return null;
    },
  },
  {
    id: "docker-permission",
    row: 6,
    light: "container",
    state: "down",
    word: "no permission",
    title: "This user may not use Docker on the server",
    repairs: ["wait"],
    requires: "permission denied on docker.sock",
    ruledOutBy: "docker answers",
    decides: "Is the user in the docker group (id), and was the log-in renewed since?",
    when: (look) =>
      look.docker?.kind === "permission" ? certain([`docker says: ${redact(look.docker.message)}`], { state: look.answering ? "degraded" : "down" }) : null,
  },
  {
    id: "container-missing",
    row: 7,
    light: "container",
    state: "down",
    word: "missing",
    title: "The gateway's container does not exist",
    repairs: ["recreate-container"],
    requires: "docker answers and knows no container of that name",
    ruledOutBy: "the container is there in any state",
    decides: "The name in the settings against docker ps -a.",
    when: (look) => {
      if (look.container?.kind !== "missing") return null;
      const seen = look.container.seen.slice(0, 5);
      const others = seen.length === 0 ? "No container looks like a gateway." : `Containers there: ${seen.join(", ")}.`;
      return certain([`Docker knows no container named ${look.evidence.gateway.container}.`, others]);
    },
  },
  {
    id: "competing-healer",
    row: 9,
    light: "container",
    state: "down",
    word: "two healers",
    title: "Something else keeps restarting the gateway",
    repairs: ["wait", "restart-mcp-workers"],
    requires: "starts that neither Gatelight nor Docker's restart policy made, or the MCP server's own words that it restarts the gateway",
    ruledOutBy:
      "Docker's restart count rises with the starts (then: restart-loop); the gateway answers and has run for longer than the pauses between its restarts",
    decides: "The MCP container's log (“Auto-reconnecting gateway”) and docker events.",
    beats: ["restart-loop", "booting"],
    rivals: ["booting", "second-factor-pending", "restart-loop"],
    when: (look) => {
      const starts = foreignStarts(look, 15 * MINUTE);
      const byPolicy = (look.present?.restartCount ?? 0) > 0 || look.present?.status === "restarting";
      const healing = look.mcp?.healing ?? null;
      // A healing that was followed by a session that worked has done what it was meant to.
      const worked = healing !== null && (look.evidence.history.lastReadyAt ?? 0) > healing.at;
      const said = healing !== null && !worked && look.now - healing.at < 10 * MINUTE;
      const again =
        starts.length >= 2 ? [`The container was started ${starts.length} times in the last 15 min, not by Gatelight and not by Docker's restart policy.`] : [];
      const words = said ? [`${duration(look.now - healing.at)} ago the MCP server logged: “${redact(healing.text)}”`] : [];
      if (look.answering && (starts.length < 3 || isCalmAgain(look, starts))) return null;
      // Too many starts are a worry, but a gateway that answers can be used.
      const state = look.answering ? ("degraded" as const) : ("down" as const);
      if (said && (starts.length > 0 || look.running !== null)) return certain([...words, ...again], { state });
      const [first] = starts;
      const neverGood = first !== undefined && (look.evidence.history.lastReadyAt ?? 0) < first.startedAt;
      if ((starts.length >= 3 || (again.length > 0 && neverGood)) && !byPolicy) return likely(again, { state });
      return null;
    },
  },
  {
    id: "restart-loop",
    row: 8,
    light: "container",
    state: "down",
    word: "restart loop",
    title: "The container starts and ends over and over",
    repairs: ["wait", "recreate-container"],
    requires: "Docker's restart count rises, at least three starts in 15 min, or Docker reports it as restarting",
    ruledOutBy: "one start, then up for longer than five minutes",
    decides: "The exit status in the log's last “IBC returned exit status”.",
    beats: ["booting", "container-exited"],
    rivals: ["second-factor-missed", "login-window-missing", "wrong-password", "too-many-attempts", "cold-restart-loop", "xvfb-dead"],
    when: (look) => {
      const present = look.present;
      if (present === null || look.answering) return null;
      const starts = foreignStarts(look, 15 * MINUTE);
      const young = look.uptimeMs === null || look.uptimeMs < 5 * MINUTE;
      const exits = (look.login?.exits ?? []).slice(-3).map((exit) => exit.code);
      const codes =
        exits.length > 0 ? [`IBC's last exit status: ${exits.map((code) => (code === null ? "?" : `${code} (${exitMeaning(code)})`)).join(", ")}.`] : [];
      const exit =
        present.exitCode !== null && present.exitCode !== 0 ? [`Last exit code of the container: ${present.exitCode} (${exitMeaning(present.exitCode)}).`] : [];
      const count = `Docker restarted it ${plural(present.restartCount, "time")}; policy “${present.restartPolicy}”.`;
      if (present.status === "restarting" && present.restartCount >= 2) return certain([count, ...exit, ...codes]);
      if (present.status === "restarting") return likely([`Docker reports it as restarting. ${count}`, ...exit, ...codes]);
      if (!young || present.status !== "running") return null;
      if (starts.length >= 3) return certain([`It was started ${starts.length} times in the last 15 min. ${count}`, ...exit, ...codes]);
      if (present.restartCount >= 3 && starts.length >= 1)
        return likely([`${count} It has been up for ${coarse(look.uptimeMs ?? 0)} only.`, ...exit, ...codes]);
      return null;
    },
  },
  {
    id: "container-exited",
    row: 7,
    light: "container",
    state: "down",
    word: "exited",
    title: "The gateway's container does not run",
    repairs: ["restart-container", "recreate-container"],
    requires: "Docker reports it as exited, dead, created or paused, or IBC ended inside a container that goes on",
    ruledOutBy: "Docker reports it as running and the log goes on",
    decides: "The exit code and the last lines of its log.",
    rivals: ["second-factor-missed", "login-window-missing", "wrong-password", "auto-logoff", "too-many-attempts", "xvfb-dead", "build-desupported"],
    when: (look) => {
      const present = look.present;
      if (present === null) return null;
      if (present.status === "paused")
        return certain(["Docker has paused the container: every process in it stands still."], { word: "paused", title: "The gateway's container is paused" });
      if (present.status === "created") return certain(["The container was created but never started."], { word: "not started" });
      if (present.status === "exited" || present.status === "dead" || present.status === "removing") {
        const ago = present.finishedAt === null ? "" : `, ${duration(look.now - present.finishedAt)} ago`;
        const code = present.exitCode ?? null;
        const how = present.oomKilled ? "killed for want of memory (OOM)" : code === null ? "exit code not known" : `exit code ${code}: ${exitMeaning(code)}`;
        const error = present.error === "" ? [] : [`Docker says: ${redact(present.error)}`];
        return certain([`It ended${ago}: ${how}. Restart policy “${present.restartPolicy}”.`, ...error], {
          word: present.oomKilled ? "out of memory" : "exited",
        });
      }
      const exit = look.login?.exit ?? null;
      const ended = look.login?.phase === "ended" || look.login?.phase === "paused";
      if (look.running === null || !ended || look.answering || exit?.willRestart === true) return null;
      const code = exit?.code ?? null;
      const why = code === null ? "IBC ended" : `IBC ended with status ${code} (${exitMeaning(code)})`;
      return likely([`${why}, while the container still counts as running.`], {
        light: "login",
        word: "ended",
        title: "The gateway ended inside its container",
      });
    },
  },
  {
    id: "clock-wrong",
    row: 49,
    light: "server",
    state: "degraded",
    word: "clock off",
    title: "The clocks of this machine and the server differ",
    repairs: ["wait"],
    requires: "server and this machine differ by two minutes or more, or the log's stamps by something that is no time zone",
    ruledOutBy: "a difference of whole quarter hours in the log alone (a time zone setting)",
    decides: "timedatectl on the server and here.",
    when: (look) => {
      const skew = look.linkUp ? (look.evidence.server.clockSkewMs?.value ?? 0) : 0;
      const say = (ms: number, what: string) => `${what} is ${duration(Math.abs(ms))} ${ms > 0 ? "ahead of" : "behind"}`;
      if (Math.abs(skew) >= 10 * MINUTE) return certain([`${say(skew, "The server's clock")} this machine's.`]);
      if (Math.abs(skew) >= 2 * MINUTE) return likely([`${say(skew, "The server's clock")} this machine's.`]);
      const stamp = look.login?.stampSkewMs ?? 0;
      const quarter = 15 * MINUTE;
      const rest = Math.abs(stamp - Math.round(stamp / quarter) * quarter);
      if (Math.abs(stamp) >= 2 * MINUTE && rest >= 2 * MINUTE)
        return possible([`${say(stamp, "The log's clock")} the server's, by no time zone's difference.`]);
      return null;
    },
  },
];
