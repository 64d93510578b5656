import { dockerTime } from "../docker-inspect.ts";

export interface LogLine {
  /** Docker's stamp of the line, by the server's clock (ms since the epoch); `null` where there is none. */
  readonly at: number | null;
  /** Docker's stamp as written: nanoseconds, sortable as text. */
  readonly stamp: string | null;
  /** IBC's own stamp. It names no zone; read as if it were UTC. */
  readonly ibcAt: number | null;
  /** The text without either stamp. */
  readonly text: string;
  readonly ibc: boolean;
}

/** Longer lines are cut: nothing that is looked for stands further right. */
const MAX_TEXT = 2048;

/** `2026-11-22T10:00:00.123456789Z 2026-11-22 10:00:00:123 IBC: text`; both stamps may be missing. */
export function parseLogLine(raw: string): LogLine {
  let text = raw.slice(0, MAX_TEXT + 100).replace(/\r$/, "");
  const docker = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))(?: |$)/.exec(text);
  if (docker !== null) text = text.slice(docker[0].length);
  const at = docker?.[1] === undefined ? null : dockerTime(docker[1]);
  const own = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d):(\d{3}) IBC: /.exec(text);
  if (own !== null) text = text.slice(own[0].length);
  const ibcAt = own === null ? null : Date.parse(`${own[1]}T${own[2]}.${own[3]}Z`);
  return {
    at,
    stamp: at === null ? null : (docker?.[1] ?? null),
    ibcAt: Number.isFinite(ibcAt) ? ibcAt : null,
    text: text.slice(0, MAX_TEXT),
    ibc: own !== null,
  };
}
