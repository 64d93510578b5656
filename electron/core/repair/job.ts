import { ExecError, type HostLink } from "../host-link/host-link.ts";

/**
 * A program on the server whose end can still be read after the connection that started it, or Gatelight itself, was lost: it runs in a folder of its
 * own that keeps its output and exit code. The folder can be made only once, so a job never runs twice. A lost connection ends neither it (HUP and
 * PIPE are ignored; sshd sends no signal to programs without a terminal) nor what it started. Only one job at a time is at a container, whichever
 * Gatelight of the same user began it: a person may have two computers.
 */

/** Exit code of the script itself: the folder could not be made, and nothing was run. */
export const NOT_BEGUN = 93;
/** Exit code of the script itself: another job is at the container, and nothing was run. */
export const BUSY = 94;
const READ_MS = 15_000;
const OUTPUT_BYTES = 65_536;

// biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion
const folder = 'umask 077; d="${TMPDIR:-/tmp}/gatelight-$1"; ';
/** A link to the job's folder, made in one act; one whose job is over, or that is not a job's, holds nobody up. */
const lock = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion
  'l="${TMPDIR:-/tmp}/gatelight-lock-$2"; ',
  'ln -sn "$d" "$l" 2>/dev/null || { j=$(readlink "$l"); ',
  '[ -n "$j" ] && [ -O "$j" ] && [ ! -e "$j/rc" ] && kill -0 "$(cat "$j/pid")" 2>/dev/null && { rm -rf "$d"; exit 94; }; ',
  'rm -f "$l" 2>/dev/null; ln -sn "$d" "$l" 2>/dev/null; }; ',
].join("");
const unlock = '[ "$(readlink "$l")" = "$d" ] && rm -f "$l"; ';
const RUN = [
  folder,
  'mkdir "$d" || exit 93; echo "$$" >"$d/pid"; trap "" HUP PIPE; ',
  lock,
  "in=$3; shift 3; ",
  // Whoever waits on this machine may end the outer shell: the side that writes the exit code goes on, and its id is the job's.
  `{ sh -c 'echo "$PPID"' >"$d/pid"; if [ -n "$in" ]; then printf "%s\\n" "$in" | "$@"; else "$@" </dev/null; fi; `,
  `echo $? >"$d/rc.new"; mv "$d/rc.new" "$d/rc"; ${unlock}} 2>&1 | tee "$d/out"; `,
  'exit "$(cat "$d/rc")"',
].join("");
const READ = [
  folder,
  '[ -d "$d" ] || { echo "absent $(cut -d. -f1 /proc/uptime 2>/dev/null)"; exit 0; }; ',
  'if [ -e "$d/rc" ]; then echo "ended $(cat "$d/rc")"; elif kill -0 "$(cat "$d/pid")" 2>/dev/null; then echo running; else echo gone; fi; ',
  `[ -e "$d/out" ] && tail -c ${OUTPUT_BYTES} "$d/out"; exit 0`,
].join("");
/** Every job has a process group of its own: sshd gives one to each command, the link to this machine to what is to run apart. */
const END = [folder, 'g=$(ps -o pgid= -p "$(cat "$d/pid")" | tr -d " "); [ -n "$g" ] && kill -s TERM -- "-$g"'].join("");
const REMOVE = [folder, 'rm -rf "$d"'].join("");
const HEX = (digits: number) => "[0-9a-f]".repeat(digits);
const RUN_NAME = [8, 4, 4, 4, 12].map(HEX).join("-");
/** Left over by a Gatelight that never came back. The longest step takes 20 minutes. */
const OLD_MINUTES = 2_880;
const SWEPT_AT_ONCE = 50;
/**
 * The names are matched letter by letter, so a hostile one is never touched; no link, nobody else's folder, nothing young, nothing whose program
 * still runs.
 */
const SWEEP = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion
  't="${TMPDIR:-/tmp}"; n=0; ',
  `for d in "$t"/gatelight-${RUN_NAME}-[0-9] "$t"/gatelight-${RUN_NAME}-[0-9][0-9]; do `,
  '{ [ -d "$d" ] && [ ! -L "$d" ] && [ -O "$d" ]; } || continue; ',
  `[ -n "$(find "$d" -prune -mmin +${OLD_MINUTES})" ] || continue; `,
  'pid=$(cat "$d/pid" 2>/dev/null); [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && continue; ',
  `rm -rf "$d"; n=$((n + 1)); [ "$n" -lt ${SWEPT_AT_ONCE} ] || break; done; exit 0`,
].join("");

const script = (text: string, ...args: string[]) => ["sh", "-c", text, "gatelight", ...args];

/**
 * @param subject the container that the job is at; as a file's name may be
 * @param stdin one line, without its end; "" for none
 */
export const jobArgv = (job: { readonly id: string; readonly subject: string; readonly stdin: string }, argv: readonly string[]): string[] => [
  ...script(RUN, job.id, job.subject, job.stdin),
  ...argv,
];

export type JobState =
  | { readonly kind: "ended"; readonly code: number; readonly lines: readonly string[] }
  /** Never begun, or the server has forgotten it. `bootedAgo`: when the server was started (seconds), where it says so. */
  | { readonly kind: "absent"; readonly bootedAgo: number | null; readonly lines: readonly string[] }
  | { readonly kind: "running" | "gone"; readonly lines: readonly string[] };

/** @throws ExecError */
export async function readJob(link: HostLink, id: string): Promise<JobState> {
  const { code, stdout, stderr } = await link.exec(script(READ, id), { deadlineMs: READ_MS, maxBytes: OUTPUT_BYTES + 100 });
  const [head = "", ...rest] = stdout.split("\n");
  const lines = rest.at(-1) === "" ? rest.slice(0, -1) : rest;
  const ended = /^ended (\d{1,3})$/.exec(head);
  if (ended !== null) return { kind: "ended", code: Number(ended[1]), lines };
  const absent = /^absent ?(\d*)$/.exec(head);
  if (absent !== null) return { kind: "absent", bootedAgo: absent[1] === "" ? null : Number(absent[1]), lines };
  if (head === "running" || head === "gone") return { kind: head, lines };
  throw new ExecError("other", `The outcome could not be read (exit code ${code ?? "none"}): ${(stderr.trim() || head).slice(0, 200)}`);
}

/** Ends a job that runs. @throws ExecError */
export async function endJob(link: HostLink, id: string): Promise<void> {
  await link.exec(script(END, id), { deadlineMs: READ_MS });
}

/** Removes a job's folder, and with it what older repairs have left behind. @throws ExecError */
export async function removeJob(link: HostLink, id: string): Promise<void> {
  await link.exec(script(`${REMOVE}; ${SWEEP}`, id), { deadlineMs: READ_MS });
}

/** Whether programs on the server can be run as jobs: they need its shell. */
export const keepsJobs = (link: HostLink, platform: NodeJS.Platform = process.platform): boolean => link.kind === "ssh" || platform !== "win32";
