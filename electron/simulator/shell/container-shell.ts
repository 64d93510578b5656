import { PassThrough } from "node:stream";
import type { Container } from "../docker/container.ts";
import type { Endpoint } from "../net/endpoint.ts";
import { containerCommand } from "./container-commands.ts";
import type { Io } from "./io.ts";
import { type Token, tokenize } from "./words.ts";

/**
 * `docker exec NAME …`: programs of the simulated container, and a small sh/bash over them (lists, pipelines, redirections to files that vanish,
 * descriptors opened on /dev/tcp). Scripts with loops or functions are refused with exit code 2.
 */
export async function runInContainer(container: Container, argv: readonly string[], io: Io): Promise<number> {
  const [name = ""] = argv;
  const shell = /^(?:\/bin\/|\/usr\/bin\/)?(sh|bash|dash)$/.exec(name);
  if (shell === null) return containerCommand(container, argv, io);
  const flag = argv.findIndex((word) => /^-[a-z]*c$/.test(word));
  if (flag < 0) return runScript(container, (await collect(io)).toString("utf8"), io);
  return runScript(container, argv[flag + 1] ?? "", io);
}

async function collect(io: Io): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** What the container was created with. */
const environment = (container: Container): Record<string, string> =>
  Object.fromEntries(container.spec.env.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));

interface Shell {
  readonly container: Container;
  readonly io: Io;
  readonly files: Map<number, Endpoint>;
}

async function runScript(container: Container, script: string, io: Io): Promise<number> {
  let tokens: Token[];
  try {
    tokens = tokenize(script, { HOME: "/home/ibgateway", DISPLAY: ":1", ...environment(container) });
  } catch (error) {
    io.err(`sh: 1: Syntax error: ${error instanceof Error ? error.message : "unreadable"}\n`);
    return 2;
  }
  const keyword = tokens.find((token) => token.kind === "word" && !token.quoted && ["for", "while", "until", "if", "case", "function"].includes(token.text));
  if (keyword !== undefined) {
    io.err(`sh: 1: Syntax error: "${keyword.text}" is not simulated inside containers\n`);
    return 2;
  }
  const shell: Shell = { container, io, files: new Map() };
  let code = 0;
  let skip = false;
  let ended = false;
  let part: Token[] = [];
  const flush = async () => {
    if (part.length > 0 && !skip) code = await runPipeline(shell, part);
    const [first, second] = part;
    if (!skip && first?.kind === "word" && first.text === "exit") {
      ended = true;
      code = second?.kind === "word" ? Number(second.text) : code;
    }
    part = [];
  };
  for (const token of tokens) {
    if (token.kind === "operator" && ["&&", "||", ";", "\n", "&"].includes(token.text)) {
      await flush();
      skip = (token.text === "&&" && code !== 0) || (token.text === "||" && code === 0);
    } else part.push(token);
    if (io.signal.aborted || ended) break;
  }
  if (!ended) await flush();
  for (const socket of shell.files.values()) socket.destroy();
  return code;
}

async function runPipeline(shell: Shell, tokens: readonly Token[]): Promise<number> {
  const stages: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "operator" && token.text === "|") stages.push([]);
    else stages.at(-1)?.push(token);
  }
  let input = shell.io.stdin;
  const runs: Promise<number>[] = [];
  for (const [index, stage] of stages.entries()) {
    const last = index === stages.length - 1;
    const pipe = new PassThrough();
    const io: Io = { ...bound(shell.io), stdin: input, out: last ? (data) => shell.io.out(data) : (data) => void pipe.write(data) };
    runs.push(runStage(shell, stage, io).finally(() => pipe.end()));
    input = pipe;
  }
  const codes = await Promise.all(runs);
  return codes.at(-1) ?? 0;
}

const bound = (io: Io): Io => ({ stdin: io.stdin, out: (data) => io.out(data), err: (data) => io.err(data), signal: io.signal });

async function runStage(shell: Shell, tokens: readonly Token[], outer: Io): Promise<number> {
  const argv: string[] = [];
  let io = outer;
  const word = (at: number) => {
    const token = tokens[at];
    return token?.kind === "word" ? token.text : "";
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind === "word") {
      const next = tokens[at + 1];
      // `3<>/dev/tcp/host/port`, `3>&-`: the number stands before the operator.
      if (/^\d$/.test(token.text) && !token.quoted && next?.kind === "operator") {
        if (next.text === "<>" && !(await openSocket(shell, Number(token.text), word(at + 2)))) return 1;
        if (next.text !== "<>") shell.files.get(Number(token.text))?.end();
        at += 2;
      } else argv.push(token.text);
      continue;
    }
    const quiet = () => undefined;
    if (token.text === "2>&1") {
      const out = io.out;
      io = { ...bound(io), err: (data) => out(data) };
      continue;
    }
    const file = shell.files.get(Number(word(at + 1)));
    if (token.text === ">&" && file !== undefined) io = { ...bound(io), out: (data) => void file.write(data) };
    else if (token.text === "<&" && file !== undefined) io = { ...bound(io), stdin: file };
    else if (token.text === "2>") io = { ...bound(io), err: quiet };
    else if (token.text === "&>") io = { ...bound(io), out: quiet, err: quiet };
    else if ([">", "1>", ">>"].includes(token.text)) io = { ...bound(io), out: quiet };
    at += 1;
  }
  while (argv[0] === "exec" && argv.length > 1) argv.shift();
  if (argv.length === 0 || argv[0] === "exec") return 0;
  return runInContainer(shell.container, argv, io);
}

/** `N<>/dev/tcp/host/port`. @returns false when the connection failed */
async function openSocket(shell: Shell, descriptor: number, target: string): Promise<boolean> {
  const match = /^\/dev\/tcp\/([^/]+)\/(\d+)$/.exec(target);
  if (match === null) return false;
  const { namespace } = shell.container;
  return new Promise((resolve) => {
    const cancel = namespace.net.connect(namespace, match[1] ?? "", Number(match[2]), {
      connected: (socket) => {
        shell.files.set(descriptor, socket);
        resolve(true);
      },
      failed: (code) => {
        const why = code === "ETIMEDOUT" ? "Connection timed out" : "Connection refused";
        shell.io.err(`bash: connect: ${why}\nbash: ${target}: ${why}\n`);
        resolve(false);
      },
    });
    shell.io.signal.addEventListener("abort", cancel, { once: true });
  });
}
