const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes as people read them, in powers of 1000: 0 B, 999 B, 1.0 kB, 12 MB. */
export function dataSize(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
