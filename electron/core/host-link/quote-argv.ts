/** Characters that no POSIX shell gives a meaning to, wherever they stand in a word. `~`, `=` and `#` are left out on purpose. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/**
 * One command line for a POSIX shell that runs exactly this argument list: the only place where arguments become text.
 * @throws TypeError for an empty list or an argument with a NUL, which no program can be given
 */
export function quoteArgv(argv: readonly string[]): string {
  if (argv.length === 0) throw new TypeError("an empty argument list names no program");
  return argv.map(quoteArgument).join(" ");
}

function quoteArgument(argument: string): string {
  if (argument.includes("\0")) throw new TypeError("an argument with a NUL character cannot be passed to a program");
  if (PLAIN.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
