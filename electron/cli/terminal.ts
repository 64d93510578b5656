/** Results go to standard output, everything else to standard error. A reader that went away (`| head`) is no error. */
export interface Terminal {
  out(line: string): void;
  error(line: string): void;
  /** Resolves with the first SIGINT, SIGTERM or SIGHUP, or when nobody reads any more. */
  readonly stopped: Promise<void>;
}

export function createTerminal(): Terminal {
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") stop();
      else throw error;
    });
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop());
  return { out: (line) => process.stdout.write(`${line}\n`), error: (line) => process.stderr.write(`${line}\n`), stopped };
}
