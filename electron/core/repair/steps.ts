import { type GatewaySettings, gatewayPorts } from "../../../shared/settings.ts";
import type { RepairId } from "../../../shared/words.ts";
import type { LoginFact, PresentContainer } from "../diagnosis/evidence.ts";

/** What a repair does, step by step. Pure data: the plan shows it, the runner carries it out. */
export type Step =
  | {
      readonly kind: "exec";
      readonly title: string;
      readonly argv: readonly string[];
      readonly shown: string;
      /** One line, without its end. */
      readonly stdin?: string;
      readonly deadlineMs: number;
      /** Exit codes other than 0 that are as good. */
      readonly okCodes?: readonly number[];
      /** What the program's own exit codes mean, for people. */
      readonly codes?: Readonly<Record<string, string>>;
      /** The output is the answer of IBC's command server. */
      readonly answer?: "ibc";
      /** Left out when this comes to hold within its time (ms). */
      readonly unless?: { readonly condition: Exclude<Condition, "cured">; readonly withinMs: number };
      /** The repair goes on without it; what that means, for people. */
      readonly mayFail?: string;
    }
  | { readonly kind: "mcp"; readonly title: string; readonly path: string; readonly shown: string; readonly deadlineMs: number }
  | { readonly kind: "session"; readonly title: string; readonly action: "resubscribe" | "change-client-id"; readonly shown: string }
  | { readonly kind: "await"; readonly title: string; readonly condition: Condition; readonly deadlineMs: number };

export type Condition = "stopped" | "relay-listens" | "screen-listens" | "logged-in" | "cured";

export interface StepContext {
  readonly docker: string;
  readonly gateway: Pick<GatewaySettings, "container" | "compose" | "mode" | "ports">;
  readonly container: PresentContainer | null;
  readonly login: LoginFact | null;
  /** Another gateway lives in the same container. */
  readonly shared: boolean;
}

export type StepPlan = { readonly ok: true; readonly steps: readonly Step[] } | { readonly ok: false; readonly why: string };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const no = (why: string): StepPlan => ({ ok: false, why });
const yes = (...steps: Step[]): StepPlan => ({ ok: true, steps });

/** For people only; what runs is the argument list. */
export const shown = (argv: readonly string[]): string =>
  argv.map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");

/** As a shell would expand it: the compose settings' paths may begin at the home folder. */
function shownPath(path: string): string {
  if (path.startsWith("$HOME/")) return `"$HOME"/${shown([path.slice(6)])}`;
  return path.startsWith("~/") ? `~/${shown([path.slice(2)])}` : shown([path]);
}
/** `.` looks for a bare name on the PATH. */
const shownSource = (env: string): string => (/^([/~]|\$HOME\/)/.test(env) ? shownPath(env) : `./${shownPath(env)}`);

type Exec = Extract<Step, { kind: "exec" }>;
const exec = (title: string, argv: readonly string[], deadlineMs: number, more: Partial<Exec> = {}): Step => ({
  kind: "exec",
  title,
  argv,
  shown: shown(argv),
  deadlineMs,
  ...more,
});
const cured = (deadlineMs: number): Step => ({ kind: "await", title: "Proof: the light is right again", condition: "cured", deadlineMs });
const loggedIn = (deadlineMs: number): Step => ({ kind: "await", title: "Log-in completes", condition: "logged-in", deadlineMs });

/**
 * The image has neither nc nor curl, but socat; `-t` ends it after the reply, since RECONNECT… leaves the line open.
 * A client from ::1 is refused by IBC, hence TCP4 (IBC CommandServer.java).
 */
function ibc(context: StepContext, word: "STOP" | "RESTART" | "RECONNECTDATA" | "RECONNECTACCOUNT"): Step | string {
  const server = context.login?.commandServer ?? null;
  if (server === "off")
    return "IBC's command server is off (CommandServerPort=0, the image's default). Put CommandServerPort=7462 into a config.ini.tmpl of your own, mount it into the container and recreate it; then this repair is possible.";
  const port = server?.port ?? 7462;
  const argv = [context.docker, "exec", "-i", context.gateway.container, "socat", "-t", "8", "-", `TCP4:127.0.0.1:${port},connect-timeout=5`];
  return exec(`IBC: ${word}`, argv, 20 * SECOND, { shown: `${shown(argv)}   ← ${word}`, stdin: word, answer: "ibc" });
}

/**
 * Starts x11vnc as the image's own start script does. The password stays inside the container: its shell reads it from its own
 * environment or secret file, so it is in no argument of ours.
 */
const SCREEN_SCRIPT = [
  'test -n "$VNC_SERVER_PASSWORD" || test -s "$VNC_SERVER_PASSWORD_FILE" || exit 3; pkill -KILL -x x11vnc; ',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell expansions
  'exec x11vnc -display "${DISPLAY:-:1}" -forever -shared -bg -noipv6 -quiet -passwd "${VNC_SERVER_PASSWORD:-$(cat "$VNC_SERVER_PASSWORD_FILE")}" >/dev/null 2>&1',
].join("");

/**
 * The owner's way of calling compose: env file sourced, its content never read back. Paths are arguments, never part of the script. What compose
 * itself might quote of the env file (a faulty value in an error) is blotted out before it leaves the server.
 */
const COMPOSE_SCRIPT = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion
  "expand() { case $1 in '$HOME/'*) printf %s \"$HOME/${1#'$HOME/'}\";; '~/'*) printf %s \"$HOME/${1#'~/'}\";; *) printf %s \"$1\";; esac; }; ",
  'dir=$(expand "$1"); env=$(expand "$2"); blot=$3; shift 3; case $dir in /*) ;; *) dir=./$dir;; esac; cd "$dir" || exit 91; [ -n "$env" ] || exec "$@"; ',
  'case $env in /*) ;; *) env=./$env;; esac; [ -r "$env" ] || { echo "env file cannot be read: $env" >&2; exit 92; }; ',
  'set -a; . "$env" >/dev/null 2>&1; set +a; exec 4>&1; ',
  'rc=$({ { "$@" 2>&1 4>&-; echo $? >&3; } | GATELIGHT_ENV_FILE="$env" awk "$blot" >&4; } 3>&1); exit "$rc"',
].join("");
const BLOT = [
  'BEGIN { file = ENVIRON["GATELIGHT_ENV_FILE"]; while ((getline line < file) > 0) { if (line !~ /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=/) continue; ',
  'sub(/^[^=]*=/, "", line); sub(/[ \t\r]+$/, "", line); quote = substr(line, 1, 1); ',
  'if ((quote == "\\"" || quote == "\\047") && substr(line, length(line)) == quote) line = substr(line, 2, length(line) - 2); ',
  "if (length(line) >= 6) secret[++n] = line } } ",
  '{ for (i = 1; i <= n; i++) { text = $0; $0 = ""; while ((at = index(text, secret[i])) > 0) { $0 = $0 substr(text, 1, at - 1) "…"; ',
  "text = substr(text, at + length(secret[i])) } $0 = $0 text } print; fflush() }",
].join("");

interface Compose {
  readonly step: (title: string, words: readonly string[], deadlineMs: number, more?: Partial<Exec>) => Step;
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
    step(title, words, deadlineMs, more) {
      const tail = [context.docker, "compose", ...files.flatMap((file) => ["-f", file]), ...words];
      const source = env === "" ? "" : `; set -a; . ${shownSource(env)}; set +a`;
      return exec(title, ["sh", "-c", COMPOSE_SCRIPT, "gatelight", dir, env, BLOT, ...tail], deadlineMs, {
        shown: `cd ${shownPath(dir)}${source}; ${shown(tail)}`,
        codes: { 91: `the folder ${dir} is not there or may not be entered.` },
        ...more,
      });
    },
  };
}

function recreate(context: StepContext, pull: boolean): StepPlan {
  const found = compose(context);
  if (typeof found === "string") return no(found);
  return yes(
    ...(pull ? [found.step("Pull the image", ["pull", found.service], 20 * MINUTE)] : []),
    found.step("Create the container anew", ["up", "-d", "--force-recreate", found.service], 3 * MINUTE),
    loggedIn(6 * MINUTE),
    cured(2 * MINUTE),
  );
}

/** The image is pulled first: without a registry nothing has been removed yet. */
function freshReinstall(context: StepContext): StepPlan {
  const found = compose(context);
  if (typeof found === "string") return no(found);
  const { container, docker } = context;
  if (container === null) return no("The container is not known yet.");
  const volumes = container.mounts.flatMap((mount) => (mount.kind === "volume" && mount.name != null ? [mount.name] : []));
  return yes(
    found.step("Pull the image", ["pull", found.service], 20 * MINUTE),
    found.step("Stop and remove the container", ["rm", "-s", "-f", found.service], 2 * MINUTE),
    ...volumes.map((name) => exec(`Remove the volume ${name}`, [docker, "volume", "rm", "-f", name], MINUTE, { mayFail: "It was kept." })),
    found.step("Create the container anew", ["up", "-d", "--force-recreate", found.service], 3 * MINUTE),
    exec("Remove the old image", [docker, "image", "rm", container.imageId], MINUTE, { mayFail: "It was kept." }),
    loggedIn(6 * MINUTE),
    cured(2 * MINUTE),
  );
}

/**
 * The image's loop starts socat again 5 s after its end; where the loop is gone too (or was never a program), socat is started by itself, as the
 * image's run_socat.sh does. `pkill` ends with 1 where none runs;
 * KILL, because a socat that stands still (state T) would not hear of anything milder.
 */
function restartRelay({ docker, gateway, shared }: StepContext): StepPlan {
  const { relay, api } = gatewayPorts(gateway);
  // The other gateway's programs keep their connections.
  const which = shared ? ["-f", `^[^ ]*socat .*LISTEN:${relay}([^0-9]|$)`] : ["-x", "socat"];
  const inside = [docker, "exec", gateway.container];
  const start = [docker, "exec", "-d", gateway.container, "socat", `TCP-LISTEN:${relay},fork,reuseaddr`, `TCP:127.0.0.1:${api}`];
  return yes(
    exec("End socat; the image starts it again after 5 s", [...inside, "pkill", "-KILL", ...which], 15 * SECOND, { okCodes: [1] }),
    exec("Start socat, unless the image has", start, 15 * SECOND, { unless: { condition: "relay-listens", withinMs: 9 * SECOND } }),
    { kind: "await", title: "The relay listens again", condition: "relay-listens", deadlineMs: 30 * SECOND },
    cured(45 * SECOND),
  );
}

/** @returns the steps, or why this repair is not possible here, in one sentence a person can act on */
export function stepsFor(repair: RepairId, context: StepContext): StepPlan {
  const { docker } = context;
  const name = context.gateway.container;
  const withIbc = (word: Parameters<typeof ibc>[1], ...after: Step[]): StepPlan => {
    const step = ibc(context, word);
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
      return withIbc("RECONNECTDATA", cured(90 * SECOND));
    case "reconnect-account":
      return withIbc("RECONNECTACCOUNT", cured(90 * SECOND));
    case "restart-relay":
      return restartRelay(context);
    case "restart-screen":
      return yes(
        exec("Start the screen server again", [docker, "exec", name, "sh", "-c", SCREEN_SCRIPT], 20 * SECOND, {
          shown: `${shown([docker, "exec", name])} x11vnc … (with the container's own password)`,
          codes: { 3: "no VNC password is set in the container." },
        }),
        { kind: "await", title: "The screen listens again", condition: "screen-listens", deadlineMs: 20 * SECOND },
        cured(45 * SECOND),
      );
    case "restart-mcp-workers":
      return yes(
        { kind: "mcp", title: "Restart the MCP workers", path: "/restart-workers", shown: "POST /restart-workers", deadlineMs: 45 * SECOND },
        cured(90 * SECOND),
      );
    case "restart-soft":
      return withIbc("RESTART", loggedIn(5 * MINUTE), cured(2 * MINUTE));
    case "stop-and-start":
      return withIbc(
        "STOP",
        { kind: "await", title: "The gateway closes and saves its settings", condition: "stopped", deadlineMs: 60 * SECOND },
        exec("Start the container", [docker, "start", name], 60 * SECOND),
        loggedIn(6 * MINUTE),
        cured(2 * MINUTE),
      );
    case "restart-container":
      return yes(exec("Restart the container", [docker, "restart", "-t", "30", name], 90 * SECOND), loggedIn(6 * MINUTE), cured(2 * MINUTE));
    case "recreate-container":
      return recreate(context, false);
    case "pull-image":
      return recreate(context, true);
    case "fresh-reinstall":
      return freshReinstall(context);
  }
}
