import type { Container } from "../docker/container.ts";
import { procNetFile } from "../net/proc-tables.ts";
import { runInContainer } from "./container-shell.ts";
import { aborted, type Io } from "./io.ts";

/** Programs of the image: sh, awk, pgrep/ps, socat, telnet, ssh. No ss, netstat, nc, curl. */
export async function containerCommand(container: Container, argv: readonly string[], io: Io): Promise<number> {
  const [path = "", ...args] = argv;
  const name = path.split("/").at(-1) ?? "";
  switch (name) {
    case "true":
    case ":":
    case "set":
    case "export":
    case "cd":
      return 0;
    case "false":
      return 1;
    case "exit":
      return Number(args[0] ?? 0);
    case "test":
      return (args[0] === "-n" && args[1] !== "") || (args[0] === "-s" && (container.program?.file(args[1] ?? "") ?? "") !== "") ? 0 : 1;
    case "echo":
      io.out(args[0] === "-n" ? args.slice(1).join(" ") : `${args.join(" ")}\n`);
      return 0;
    case "printf":
      io.out(printf(args));
      return 0;
    case "cat":
      return cat(container, args, io);
    case "tail":
      return tail(container, args, io);
    case "sleep":
      await Promise.race([new Promise<void>((resolve) => container.namespace.net.clock.after(Number(args[0] ?? 0) * 1000, resolve)), aborted(io.signal)]);
      return 0;
    case "timeout": {
      const command = args.filter((word, index) => !(index === 0 && /^\d/.test(word)) && !word.startsWith("-k"));
      return runInContainer(container, command[0]?.match(/^\d/) ? command.slice(1) : command, io);
    }
    case "nohup":
    case "setsid":
    case "sudo":
    case "env":
      return runInContainer(
        container,
        args.filter((word, index) => !(index < 4 && (/^[A-Z_]+=/.test(word) || word.startsWith("-")))),
        io,
      );
    case "date":
      io.out(args[0] === "+%s" ? `${Math.floor(Date.now() / 1000)}\n` : `${new Date().toUTCString()}\n`);
      return 0;
    case "id":
      io.out(args[0] === "-u" ? "1000\n" : "uid=1000(ibgateway) gid=1000(ibgateway) groups=1000(ibgateway)\n");
      return 0;
    case "hostname":
      io.out(`${container.id.slice(0, 12)}\n`);
      return 0;
    case "ps":
      io.out("    PID STAT COMMAND\n");
      for (const row of container.program?.processes(1) ?? [])
        io.out(`${String(row.pid).padStart(7)} ${row.stat.padEnd(4)} ${args.some((word) => word.includes("comm")) ? row.comm : row.args}\n`);
      return 0;
    case "pgrep":
    case "pkill":
    case "killall":
    case "kill":
      return signal(container, name, args, io);
    case "socat":
      return args.some((word) => /^(TCP-LISTEN|TCP4-LISTEN)/i.test(word)) ? started(container, argv) : socat(container, args, io);
    case "x11vnc":
    case "run_socat.sh":
      return started(container, [name, ...args]);
    default:
      io.err(`OCI runtime exec failed: exec failed: unable to start container process: exec: "${path}": executable file not found in $PATH: unknown\n`);
      return 127;
  }
}

function started(container: Container, argv: readonly string[]): number {
  return container.program?.startProcess(argv) === true ? 0 : 1;
}

export function printf(args: readonly string[]): string {
  const [format = "", ...rest] = args;
  let at = 0;
  return format
    .replace(/\\([nrt\\0])/g, (_all, char: string) => ({ n: "\n", r: "\r", t: "\t", "0": "\0" })[char] ?? "\\")
    .replace(/%(%|s|d)/g, (_all, kind: string) => (kind === "%" ? "%" : (rest[at++] ?? "")));
}

async function cat(container: Container, args: readonly string[], io: Io): Promise<number> {
  const files = args.filter((word) => !word.startsWith("-"));
  if (files.length === 0) {
    // cat of a socket or pipe ends with it, or when the caller goes.
    const done = (async () => {
      for await (const chunk of io.stdin) io.out(Buffer.from(chunk));
    })().catch(() => undefined);
    await Promise.race([done, aborted(io.signal)]);
    return 0;
  }
  let code = 0;
  for (const file of files) {
    const net = /^\/proc\/(?:net|self\/net|1\/net|thread-self\/net)\/(\w+)$/.exec(file);
    const text = net === null ? (container.program?.file(file) ?? null) : procNetFile(container.namespace, net[1] ?? "", container.namespace.net.clock.now());
    if (text === null) {
      io.err(`cat: ${file}: No such file or directory\n`);
      code = 1;
    } else io.out(text);
  }
  return code;
}

/** `tail -q -c BYTES FILE…`. */
function tail(container: Container, args: readonly string[], io: Io): number {
  const bytes = Number(args[args.indexOf("-c") + 1]);
  let code = 0;
  for (const file of args.slice(args.indexOf("-c") + 2)) {
    const text = container.program?.file(file) ?? null;
    if (text === null) {
      io.err(`tail: cannot open '${file}' for reading: No such file or directory\n`);
      code = 1;
    } else io.out(text.slice(-bytes));
  }
  return code;
}

function signal(container: Container, name: string, args: readonly string[], io: Io): number {
  const flag = args.find((word) => /^-(?:s|SIG)?(TERM|KILL|STOP|CONT|HUP|9|15|19|18)$/.test(word)) ?? "-TERM";
  const target = args.filter((word) => !word.startsWith("-")).at(-1) ?? "";
  const word = flag.replace(/^-(?:s|SIG)?/, "");
  const names: Record<string, string> = { "9": "KILL", "15": "TERM", "19": "STOP", "18": "CONT" };
  const rows = (container.program?.processes(1) ?? []).filter(
    (row) => row.comm === target || String(row.pid) === target || (args.includes("-f") && row.args.includes(target)),
  );
  if (name === "pgrep") {
    for (const row of rows) io.out(`${row.pid}\n`);
    return rows.length > 0 ? 0 : 1;
  }
  let killed = 0;
  for (const comm of new Set(rows.map((row) => row.comm))) killed += container.program?.killProcess(comm, names[word] ?? word) ?? 0;
  return killed > 0 ? 0 : 1;
}

/** `socat - TCP:host:port`: standard input and output joined with a connection. */
function socat(container: Container, args: readonly string[], io: Io): Promise<number> {
  const address = args.map((word) => /^TCP[46]?(?:-CONNECT)?:(\[[^\]]+\]|[^:,]+):(\d+)/i.exec(word)).find((match) => match !== null && match !== undefined);
  if (address === undefined || address === null) {
    io.err('socat[901] E exactly 2 addresses required (there are 0); use option "-h" for help\n');
    return Promise.resolve(1);
  }
  const option = (letter: string) => args.map((word) => new RegExp(`^-${letter}([\\d.]+)$`).exec(word)?.[1]).find((value) => value !== undefined);
  const lingerMs = Number(option("t") ?? 0.5) * 1000;
  const { namespace } = container;
  return new Promise((resolve) => {
    const cancel = namespace.net.connect(namespace, (address[1] ?? "").replace(/[[\]]/g, ""), Number(address[2]), {
      connected: (socket) => {
        io.stdin.on("data", (chunk: Buffer | string) => void socket.write(chunk));
        io.stdin.on("end", () => {
          socket.end();
          // Real time: the caller waits for the reply in its own clock.
          const timer = setTimeout(() => socket.destroy(), lingerMs);
          socket.once("close", () => clearTimeout(timer));
        });
        socket.on("data", (chunk: Buffer) => io.out(chunk));
        socket.once("end", () => socket.destroy());
        socket.once("close", () => resolve(0));
        io.signal.addEventListener("abort", () => socket.destroy(), { once: true });
      },
      failed: (code) => {
        io.err(`socat[902] E connect(5, AF=2 ${address[1]}:${address[2]}, 16): ${code === "ETIMEDOUT" ? "Connection timed out" : "Connection refused"}\n`);
        resolve(1);
      },
    });
    io.signal.addEventListener(
      "abort",
      () => {
        cancel();
        resolve(130);
      },
      { once: true },
    );
  });
}
