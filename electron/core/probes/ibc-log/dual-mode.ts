import type { LoginPhase } from "../../diagnosis/evidence.ts";
import type { IbcInstance } from "./ibc-instance.ts";

/** Lines that name the trading mode they belong to (files and settings of dual mode carry `_live` and `_paper`). */
const NAMED: readonly RegExp[] = [
  /^\.> Starting IBC in (live|paper) mode/,
  /\btrading mode (live|paper)\b/i,
  /\btradingMode=(live|paper)\b/,
  /^Setting Trading mode = (live|paper)\b/i,
  /_(live|paper)(?=[\s/.:"']|$)/,
];
const PORTS: Readonly<Record<string, "live" | "paper">> = { 4001: "live", 4002: "paper", 7496: "live", 7497: "paper" };

/** Where an unnamed line fits: the phases out of which it can be said, likeliest first. The splash closes right before "Login has completed". */
const FITS: readonly { readonly match: RegExp; readonly from: readonly LoginPhase[] }[] = [
  { match: /^Login has completed/, from: ["logged-in", "authenticating", "session", "login-form", "second-factor"] },
  { match: /^detected frame entitled: Starting application/, from: ["authenticating", "session", "login-form", "second-factor"] },
  { match: /^Configuration tasks completed|^Performing port configuration/, from: ["logged-in"] },
  { match: /^Second Factor Authentication initiated/, from: ["authenticating", "login-form"] },
  { match: /^Duration since login|^Re-login after second factor|^If login has not completed/, from: ["second-factor", "authenticating"] },
  { match: /^Login dialog WINDOW_OPENED|^Setting user name|^Login attempt/, from: ["session", "login-form", "second-factor"] },
  { match: /^Click button: Log In/, from: ["login-form"] },
  { match: /^Starting session|^Re-starting session/, from: ["ibc-start", "boot", "restarting", "ended"] },
  { match: /^IBC will (?:cold-)?restart|^Gateway finished|^IBC is paused/, from: ["ended"] },
];

/**
 * Which gateway of the container a line speaks of. In dual mode (TRADING_MODE=both) two IBCs write into one log without saying who they are
 * (IbcAlpha/IBC#269): a line that names a mode decides; else the only one it fits; else the one that spoke last.
 * @param second makes the second instance when a line names a mode that no instance has
 */
export function chooseInstance(instances: readonly IbcInstance[], last: IbcInstance | null, text: string, second: () => IbcInstance): IbcInstance {
  const [first] = instances;
  const starting = /^\.> Starting IBC in (live|paper) mode/.exec(text)?.[1];
  const mode = modeOf(text);
  const fallback = last ?? first ?? second();
  if (mode === null) {
    if (instances.length < 2) return fallback;
    const from = FITS.find((one) => one.match.test(text))?.from ?? [];
    const rank = (one: IbcInstance) => from.indexOf(one.phase);
    const able = instances.filter((one) => rank(one) >= 0).toSorted((a, b) => rank(a) - rank(b) || Number(b === last) - Number(a === last));
    return able[0] ?? fallback;
  }
  const known = instances.find((one) => one.mode === mode);
  if (known !== undefined) return known;
  const unnamed = instances.find((one) => one.mode === null);
  if (unnamed !== undefined) {
    // A path may hold "_paper" by chance; only the image's own line says the mode for certain.
    if (starting !== undefined) unnamed.mode = mode;
    return unnamed;
  }
  if (starting === undefined) return fallback;
  const created = second();
  created.mode = mode;
  return created;
}

function modeOf(text: string): "live" | "paper" | null {
  for (const pattern of NAMED) {
    const found = pattern.exec(text)?.[1]?.toLowerCase();
    if (found === "live" || found === "paper") return found;
  }
  if (/^Click button: Paper Log In/.test(text)) return "paper";
  const port = /^TWS API socket port .* (\d{4})\b|127\.0\.0\.1:(\d{4})\b/.exec(text);
  return PORTS[port?.[1] ?? port?.[2] ?? ""] ?? null;
}
