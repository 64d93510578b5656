import { parseArgs } from "node:util";
import { REPAIRS, type RepairId } from "../../shared/words.ts";

export const COMMANDS = ["serve", "doctor", "watch", "repair", "simulate", "scenarios"] as const;
export type CommandName = (typeof COMMANDS)[number];

export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `Usage: gatelight COMMAND [options]

  serve      [--port N] [--no-open] [--quiet] [--simulate [SCENARIO]] [--json]
                                                                       the whole app in a browser
  doctor     [--server ID] [--gateway ID] [--deadline S] [--mcp-tools] [--show-names] [--json]
                                                                       looks once at everything, says what is wrong and why
  watch      [--json]                                                  follows changes until stopped
  repair ID  --gateway ID [--server ID] [--yes] [--confirm-name NAME] [--json]
                                                                       shows what a repair would do; with --yes does it
  simulate   [--scenario ID] [--port N] [--json]                       the simulated home server alone, on loopback
  scenarios  [--json]                                                  lists what the simulator can play

  --data-dir DIR   where settings and history are (default: the platform's application data folder)
  --help, --version

Exit: 0 all up, 1 something is down or degraded, 2 usage or settings error, 3 a person is needed.
`;

export interface Arguments {
  readonly command: CommandName;
  readonly json: boolean;
  readonly dataDir: string | null;
  readonly port: number;
  readonly open: boolean;
  /** The address is not printed: for a start whose output is kept in a log. */
  readonly quiet: boolean;
  /** `null`: not simulated. */
  readonly simulate: string | null;
  readonly scenario: string;
  readonly server: string | null;
  readonly gateway: string | null;
  readonly deadlineMs: number;
  readonly mcpTools: boolean;
  readonly showNames: boolean;
  readonly repair: RepairId | null;
  readonly yes: boolean;
  readonly confirmName: string | null;
}
export type Parsed = { readonly kind: "run"; readonly arguments: Arguments } | { readonly kind: "help" } | { readonly kind: "version" };

const ALLOWED: Record<CommandName, readonly string[]> = {
  serve: ["port", "no-open", "quiet", "simulate"],
  doctor: ["server", "gateway", "deadline", "mcp-tools", "show-names"],
  watch: [],
  repair: ["server", "gateway", "yes", "confirm-name"],
  simulate: ["scenario", "port"],
  scenarios: [],
};

/** @throws UsageError that names the word at fault */
export function parseArguments(words: readonly string[]): Parsed {
  if (words.includes("--help") || words.includes("-h") || words[0] === "help") return { kind: "help" };
  if (words.includes("--version")) return { kind: "version" };
  const [name, ...rest] = words;
  if (name === undefined) return { kind: "help" };
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined) throw new UsageError(`There is no command "${name}". There are: ${COMMANDS.join(", ")}.`);
  // `--simulate` may stand alone; parseArgs knows no optional values.
  const spelled = rest.flatMap((word, at) => {
    if (word !== "--simulate") return [word];
    const next = rest[at + 1];
    return next === undefined || next.startsWith("-") ? ["--simulate=healthy"] : [word];
  });
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(spelled);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  for (const option of Object.keys(values)) {
    if (option !== "json" && option !== "data-dir" && !ALLOWED[command].includes(option)) throw new UsageError(`--${option} does not belong to "${command}".`);
  }
  let repair: RepairId | null = null;
  if (command === "repair") {
    const wanted = positionals[0];
    repair = REPAIRS.find((id) => id === wanted) ?? null;
    if (repair === null)
      throw new UsageError(wanted === undefined ? "Which repair? Name its id." : `There is no repair "${wanted}". There are: ${REPAIRS.join(", ")}.`);
    if (values.gateway === undefined) throw new UsageError("--gateway ID is missing.");
    if (positionals.length > 1) throw new UsageError(`"${positionals[1]}" is one word too many.`);
  } else if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one word too many.`);
  return {
    kind: "run",
    arguments: {
      command,
      repair,
      json: values.json === true,
      dataDir: values["data-dir"] ?? null,
      port: number("--port", values.port, 0, 65_535, 0),
      open: values["no-open"] !== true,
      quiet: values.quiet === true,
      simulate: values.simulate ?? null,
      scenario: values.scenario ?? "healthy",
      server: values.server ?? null,
      gateway: values.gateway ?? null,
      deadlineMs: number("--deadline", values.deadline, 1, 600, 20) * 1_000,
      mcpTools: values["mcp-tools"] === true,
      showNames: values["show-names"] === true,
      yes: values.yes === true,
      confirmName: values["confirm-name"] ?? null,
    },
  };
}

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const parse = (args: string[]) =>
  parseArgs({
    args,
    allowPositionals: true,
    strict: true,
    options: {
      json: flag,
      "data-dir": text,
      port: text,
      "no-open": flag,
      quiet: flag,
      simulate: text,
      scenario: text,
      server: text,
      gateway: text,
      deadline: text,
      "mcp-tools": flag,
      "show-names": flag,
      yes: flag,
      "confirm-name": text,
    },
  });

function number(name: string, value: string | undefined, least: number, most: number, usual: number): number {
  if (value === undefined) return usual;
  const parsed = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (!(parsed >= least && parsed <= most)) throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not "${value}".`);
  return parsed;
}
