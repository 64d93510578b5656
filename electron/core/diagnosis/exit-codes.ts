/** Exit codes of the container and of IBC, as `ibcstart.sh` and IBC's ErrorCodes give them (modulo 256; facts §1). */
const MEANINGS: Readonly<Record<number, string>> = {
  0: "ended normally",
  1: "no Java found, or a cold restart",
  2: "gateway version not found",
  4: "gateway version not installed",
  5: "a path is missing",
  6: "config.ini missing",
  7: "vmoptions missing",
  76: "unhandled exception in IBC",
  77: "a control was not found in the gateway's window",
  79: "config.ini missing",
  80: "bad trading mode",
  81: "bad value of a setting",
  82: "settings directory unusable",
  83: "IBC and gateway versions do not fit",
  84: "path of jts.ini unusable",
  85: "jts.ini cannot be read or written",
  86: "invalid state",
  87: "second factor timed out",
  88: "the log-in window never appeared",
  125: "docker could not start it",
  126: "its command cannot be executed",
  127: "its command was not found",
  130: "interrupted",
  137: "killed (SIGKILL)",
  139: "crashed (SIGSEGV)",
  143: "stopped (SIGTERM)",
};

export function exitMeaning(code: number): string {
  return MEANINGS[code] ?? "of no known meaning";
}
