import type { GatewaySettings } from "../../../shared/settings.ts";
import type { RepairId } from "../../../shared/words.ts";
import type { LoginFact, PresentContainer } from "../diagnosis/evidence.ts";

/** What a repair does, step by step. Pure data: the plan shows it, the runner carries it out. */
export type Step =
  /** A program on the server. `proof`: how its outcome is read back when the link dropped in between. */
  | {
      readonly kind: "exec";
      readonly title: string;
      readonly argv: readonly string[];
      readonly shown: string;
      readonly stdin?: string;
      readonly deadlineMs: number;
      readonly proof: Proof;
    }
  /** A word to IBC's command server inside the container. */
  | {
      readonly kind: "ibc";
      readonly title: string;
      readonly argv: readonly string[];
      readonly shown: string;
      readonly stdin: string;
      readonly deadlineMs: number;
      readonly proof: Proof;
    }
  | { readonly kind: "mcp"; readonly title: string; readonly path: string; readonly shown: string; readonly deadlineMs: number }
  | { readonly kind: "session"; readonly title: string; readonly action: "resubscribe" | "change-client-id"; readonly shown: string }
  | { readonly kind: "await"; readonly title: string; readonly condition: Condition; readonly deadlineMs: number };

/** `restarted`: the container's StartedAt or id is another; `stopped`: it does not run or ran anew; `listening`: the port has a listener; `repeatable`: running it twice harms nobody. */
export type Proof = "restarted" | "stopped" | "listening-relay" | "listening-screen" | "repeatable";
export type Condition = "stopped" | "running" | "relay-listens" | "screen-listens" | "logged-in" | "cured";

export interface StepContext {
  readonly docker: string;
  readonly gateway: Pick<GatewaySettings, "container" | "compose" | "mode">;
  readonly container: PresentContainer | null;
  readonly login: LoginFact | null;
}

export type StepPlan = { readonly ok: true; readonly steps: readonly Step[] } | { readonly ok: false; readonly why: string };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const no = (why: string): StepPlan => ({ ok: false, why });
const yes = (...steps: Step[]): StepPlan => ({ ok: true, steps });

/** For people only; what runs is the argument list. */
export const shown = (argv: readonly string[]): string =>
  argv.map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");

const exec = (title: string, argv: readonly string[], deadlineMs: number, proof: Proof): Step => ({
  kind: "exec",
  title,
  argv,
  shown: shown(argv),
  deadlineMs,
  proof,
});
const cured = (deadlineMs: number): Step => ({ kind: "await", title: "Proof: the light is right again", condition: "cured", deadlineMs });
const loggedIn = (deadlineMs: number): Step => ({ kind: "await", title: "Log-in completes", condition: "logged-in", deadlineMs });

/**
 * The image has neither nc nor curl, but socat; `-t` ends it after the reply, since RECONNECT… leaves the line open.
 * A client from ::1 is refused by IBC, hence TCP4 (IBC CommandServer.java).
 */
function ibc(context: StepContext, word: "STOP" | "RESTART" | "RECONNECTDATA" | "RECONNECTACCOUNT", proof: Proof): Step | string {
  const server = context.login?.commandServer ?? null;
  if (server === "off")
    return "IBC's command server is off (CommandServerPort=0, the image's default). Put CommandServerPort=7462 into a config.ini.tmpl of your own, mount it into the container and recreate it; then this repair is possible.";
  const port = server?.port ?? 7462;
  const argv = [context.docker, "exec", "-i", context.gateway.container, "socat", "-t", "8", "-", `TCP4:127.0.0.1:${port},connect-timeout=5`];
  return { kind: "ibc", title: `IBC: ${word}`, argv, shown: `${shown(argv)}   ← ${word}`, stdin: `${word}\n`, deadlineMs: 20 * SECOND, proof };
}

/**
 * Starts x11vnc as the image's own start script does. The password stays inside the container: its shell reads it from its own
 * environment or secret file, so it is in no argument of ours.
 */
const SCREEN_SCRIPT = [
  "pkill -x x11vnc; ",
  'p=$VNC_SERVER_PASSWORD; if [ -z "$p" ] && [ -n "$VNC_SERVER_PASSWORD_FILE" ]; then p=$(cat "$VNC_SERVER_PASSWORD_FILE"); fi; ',
  '[ -n "$p" ] || { echo "no VNC password is set in the container" >&2; exit 3; }; ',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion
  'exec x11vnc -display "${DISPLAY:-:1}" -forever -shared -bg -noipv6 -quiet -passwd "$p" >/dev/null 2>&1',
].join("");

/** The owner's way of calling compose: env file sourced, its content never read back. Paths are arguments, never part of the script. */
const COMPOSE_SCRIPT = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion
  "expand() { case $1 in '$HOME/'*) printf %s \"$HOME/${1#'$HOME/'}\";; '~/'*) printf %s \"$HOME/${1#'~/'}\";; *) printf %s \"$1\";; esac; }; ",
  'dir=$(expand "$1"); env=$(expand "$2"); shift 2; cd "$dir" || exit 91; ',
  'if [ -n "$env" ]; then case $env in /*) ;; *) env=./$env;; esac; [ -r "$env" ] || { echo "env file cannot be read: $env" >&2; exit 92; }; set -a; . "$env" >/dev/null 2>&1; set +a; fi; ',
  'exec "$@"',
].join("");

interface Compose {
  readonly run: (words: readonly string[]) => { readonly argv: readonly string[]; readonly shown: string };
  readonly service: string;
}

function compose(context: StepContext): Compose | string {
  const labels = context.container?.compose ?? null;
  const own = context.gateway.compose ?? null;
  const dir = own?.dir ?? labels?.dir ?? null;
  const service = own?.service ?? labels?.service ?? null;
  if (dir === null) return "No compose folder is known: the container has no compose labels. Set compose.dir for this gateway.";
  if (service === null) return "No compose service is known: the container has no compose labels. Set compose.service for this gateway.";
  if (service.startsWith("-")) return "The compose service's name begins with '-', which compose would read as an option.";
  const files = own?.file != null ? [own.file] : (labels?.files ?? []);
  const env = own?.envFile ?? "";
  return {
    service,
    run(words) {
      const tail = [context.docker, "compose", ...files.flatMap((file) => ["-f", file]), ...words];
      return {
        argv: ["sh", "-c", COMPOSE_SCRIPT, "gatelight", dir, env, ...tail],
        shown: `cd ${shown([dir])}${env === "" ? "" : `; set -a; . ${shown([env])}; set +a`}; ${shown(tail)}`,
      };
    },
  };
}

function recreate(context: StepContext, pull: boolean): StepPlan {
  const found = compose(context);
  if (typeof found === "string") return no(found);
  const step = (title: string, words: readonly string[], deadlineMs: number, proof: Proof): Step => ({
    kind: "exec",
    title,
    ...found.run(words),
    deadlineMs,
    proof,
  });
  return yes(
    ...(pull ? [step("Pull the image", ["pull", found.service], 20 * MINUTE, "repeatable")] : []),
    step("Create the container anew", ["up", "-d", "--force-recreate", found.service], 3 * MINUTE, "restarted"),
    loggedIn(6 * MINUTE),
    cured(2 * MINUTE),
  );
}

function freshReinstall(context: StepContext): StepPlan {
  const found = compose(context);
  if (typeof found === "string") return no(found);
  const container = context.container;
  if (container === null) return no("The container is not known yet.");
  const volumes = container.mounts.flatMap((mount) => (mount.kind === "volume" && mount.name != null ? [mount.name] : []));
  const step = (title: string, words: readonly string[], deadlineMs: number, proof: Proof): Step => ({
    kind: "exec",
    title,
    ...found.run(words),
    deadlineMs,
    proof,
  });
  return yes(
    step("Stop and remove the container", ["rm", "-s", "-f", found.service], 2 * MINUTE, "stopped"),
    ...volumes.map((name) => exec(`Remove the volume ${name}`, [context.docker, "volume", "rm", "-f", name], MINUTE, "repeatable")),
    exec("Remove the image", [context.docker, "image", "rm", container.image], MINUTE, "repeatable"),
    step("Pull the image", ["pull", found.service], 20 * MINUTE, "repeatable"),
    step("Start", ["up", "-d", found.service], 3 * MINUTE, "restarted"),
    loggedIn(6 * MINUTE),
    cured(2 * MINUTE),
  );
}

/** @returns the steps, or why this repair is not possible here, in one sentence a person can act on */
export function stepsFor(repair: RepairId, context: StepContext): StepPlan {
  const { docker } = context;
  const name = context.gateway.container;
  const withIbc = (word: Parameters<typeof ibc>[1], proof: Proof, ...after: Step[]): StepPlan => {
    const step = ibc(context, word, proof);
    return typeof step === "string" ? no(step) : yes(step, ...after);
  };
  switch (repair) {
    case "wait":
      return yes(cured(15 * MINUTE));
    case "open-api-settings":
      return no("This one is done by you: the screen opens at the gateway's own settings.");
    case "resubscribe":
      return yes(
        {
          kind: "session",
          title: "Ask for the account data again",
          action: "resubscribe",
          shown: "account summary, positions and profit are asked for again on the living session",
        },
        cured(30 * SECOND),
      );
    case "change-client-id":
      return yes(
        {
          kind: "session",
          title: "Take the next client id",
          action: "change-client-id",
          shown: "the session is closed and opened with the next id of Gatelight's range",
        },
        cured(45 * SECOND),
      );
    case "reconnect-data":
      return withIbc("RECONNECTDATA", "repeatable", cured(90 * SECOND));
    case "reconnect-account":
      return withIbc("RECONNECTACCOUNT", "repeatable", cured(90 * SECOND));
    case "restart-relay":
      return yes(
        exec("End socat; the image starts it again after 5 s", [docker, "exec", name, "pkill", "-x", "socat"], 15 * SECOND, "repeatable"),
        { kind: "await", title: "The relay listens again", condition: "relay-listens", deadlineMs: 30 * SECOND },
        cured(45 * SECOND),
      );
    case "restart-screen":
      return yes(
        {
          kind: "exec",
          title: "Start the screen server again",
          argv: [docker, "exec", name, "sh", "-c", SCREEN_SCRIPT],
          shown: `${shown([docker, "exec", name])} x11vnc … (with the container's own password)`,
          deadlineMs: 20 * SECOND,
          proof: "listening-screen",
        },
        { kind: "await", title: "The screen listens again", condition: "screen-listens", deadlineMs: 20 * SECOND },
        cured(45 * SECOND),
      );
    case "restart-mcp-workers":
      return yes(
        { kind: "mcp", title: "Restart the MCP workers", path: "/restart-workers", shown: "POST /restart-workers", deadlineMs: 45 * SECOND },
        cured(90 * SECOND),
      );
    case "restart-soft":
      return withIbc("RESTART", "repeatable", loggedIn(5 * MINUTE), cured(2 * MINUTE));
    case "stop-and-start":
      return withIbc(
        "STOP",
        "stopped",
        { kind: "await", title: "The gateway closes and saves its settings", condition: "stopped", deadlineMs: 60 * SECOND },
        exec("Start the container", [docker, "start", name], 60 * SECOND, "repeatable"),
        loggedIn(6 * MINUTE),
        cured(2 * MINUTE),
      );
    case "restart-container":
      return yes(exec("Restart the container", [docker, "restart", "--time", "30", name], 90 * SECOND, "restarted"), loggedIn(6 * MINUTE), cured(2 * MINUTE));
    case "recreate-container":
      return recreate(context, false);
    case "pull-image":
      return recreate(context, true);
    case "fresh-reinstall":
      return freshReinstall(context);
  }
}
