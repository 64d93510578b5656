/** Words for people, from numbers. Pure and without a locale of its own: English, digits, SI-like units. */

/** "12 s", "4 min", "3 h", "3 d" – rounded down; never negative. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor((Number.isFinite(ms) ? ms : 0) / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** Like `duration`, in steps coarse enough not to change a sentence every second: "a moment", "under a minute", "4 min". */
export function coarse(ms: number): string {
  if (ms < 15_000) return "a moment";
  return ms < 60_000 ? "under a minute" : duration(ms);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function list(items: readonly string[], last = "and"): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${last} ${items.at(-1) ?? ""}`;
}

/** Account numbers (D/U/F/I and digits) and user names never leave through a sentence; texts of others are cut to 200 characters. */
export function redact(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .replace(/\b[DUFI][A-Z]{0,2}\d{4,10}\b/gi, "(account)")
    .replace(/\b(user(?: ?name)?|login|userid|account|password|token)(\s*[:=]\s*)\S+/gi, "$1$2…")
    .trim()
    .slice(0, 200);
}

/** A title as it stands after a colon: lower case at the start, unless it begins with a name or an abbreviation. */
export function afterColon(title: string): string {
  const name = /^(IBKR|IBC|SSH|API|VNC|MCP|TCP|Docker|Xvfb|Sunday|Java|[A-Z0-9]{2,})\b/.test(title);
  return name ? title : title.charAt(0).toLowerCase() + title.slice(1);
}
