/**
 * POSIX: a shell ends with 127 when it does not find the program. Only the shell's own message about exactly this program counts, since a
 * script may end with 127 for a program of its own. Texts of dash, bash, ksh ("x: not found"), zsh ("command not found: x") and fish.
 */
export function isNotFound(program: string, result: { readonly code: number | null; readonly stderr: string }): boolean {
  if (result.code !== 127 || program === "") return false;
  const said = result.stderr;
  return (
    said.includes(` ${program}: not found`) ||
    said.includes(`${program}: command not found`) ||
    said.includes(`command not found: ${program}`) ||
    said.includes(`Unknown command: ${program}`) ||
    said.includes(` ${program}: No such file or directory`)
  );
}
