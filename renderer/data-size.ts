const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes as people read them, in powers of 1000: 0 B, 999 B, 1.0 kB, 12 MB. @param locale absent: the user's */
export function dataSize(bytes: number, locale?: string): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${UNITS[unit]}`;
}
