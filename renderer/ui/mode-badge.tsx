import { strings } from "../strings.ts";

/** Live is said in a word, wherever a gateway is shown. */
export function ModeBadge({ mode, paper = false }: { mode: "paper" | "live"; paper?: boolean }) {
  if (mode === "live") return <span className="badge badge-live">{strings.live}</span>;
  return paper ? <span className="badge badge-paper">{strings.paper}</span> : null;
}
