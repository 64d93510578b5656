/** Longer names are cut (characters). Linux and macOS keep 15 to 32 bytes, Windows up to 255 characters. */
const NAME_LENGTH = 64;

/** Local addresses of listeners that keep 127.0.0.1 from another, nearest first: lsof writes `*` for any, netstat `0.0.0.0` and `[::]`. */
const IN_THE_WAY = ["127.0.0.1", "[::ffff:127.0.0.1]", "*", "0.0.0.0", "[::]"];

/** "ssh (process 4711)". Any program may call itself anything: line breaks, control and direction marks do not get through. */
export function holderText(name: string | null, pid: number | string): string {
  const shown = Array.from((name ?? "").replace(/[\p{C}\s]+/gu, " ").trim());
  return shown.length === 0 ? `process ${pid}` : `${shown.slice(0, NAME_LENGTH).join("")} (process ${pid})`;
}

/** Of the listeners on one port, the one that holds it on 127.0.0.1; listeners on `[::1]` or on a network card do not. */
export function inTheWay<T extends { readonly address: string }>(listeners: readonly T[]): T | null {
  for (const address of IN_THE_WAY) {
    const found = listeners.find((listener) => listener.address === address);
    if (found !== undefined) return found;
  }
  return null;
}
