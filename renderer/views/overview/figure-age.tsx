import { formatAt, formatSpan, useNow } from "../../ui/time.ts";

/** A figure that much older than the account's newest one shows its own age. */
export const OLD_MS = 5 * 60_000;

export function FigureAge({ at }: { at: number }) {
  const now = useNow();
  return (
    <span className="figure-age" title={formatAt(at, now)}>
      {formatSpan(now - at)}
    </span>
  );
}
