import { setFlagsFromString } from "node:v8";

/**
 * `gatelight serve` and `gatelight watch` start without V8's optimising compilers (build/lean-start.js). While a window is open, a forward carries another
 * program's bytes or a simulation runs, there is work that is worth them.
 * @returns a function to be called when that may have changed; it does nothing in a process that started otherwise
 */
export function createThrift(
  busy: () => boolean,
  { execArgv, setFlags }: { execArgv: readonly string[]; setFlags: (flags: string) => void } = { execArgv: process.execArgv, setFlags: setFlagsFromString },
): () => void {
  let compiling = false;
  return () => {
    if (!execArgv.includes("--no-opt") || busy() === compiling) return;
    compiling = !compiling;
    for (const name of ["opt", "maglev"]) setFlags(compiling ? `--${name}` : `--no-${name}`);
  };
}
