import type { LoginProblemKind } from "../../diagnosis/evidence.ts";
import type { IbcInstance } from "./ibc-instance.ts";

/** Windows by title (IBC's TwsListener logs every event of every window) or by a text inside, where the log shows it. */
const BY_TITLE: readonly { readonly match: RegExp; readonly kind: LoginProblemKind; readonly whileOpen: boolean }[] = [
  { match: /Password Notice/i, kind: "password-notice", whileOpen: true },
  { match: /Existing session detected/i, kind: "existing-session", whileOpen: false },
  { match: /Re-login is required/i, kind: "relogin-required", whileOpen: false },
  { match: /Trading Login Handoff/i, kind: "trading-login-handoff", whileOpen: false },
  { match: /API client needs write access/i, kind: "write-access-dialog-open", whileOpen: true },
  { match: /Accept incoming connection/i, kind: "accept-dialog-open", whileOpen: true },
  { match: /not a brokerage account/i, kind: "paper-disclaimer-open", whileOpen: true },
];
const BY_TEXT: readonly { readonly match: RegExp; readonly kind: LoginProblemKind }[] = [
  { match: /Accept incoming connection/i, kind: "accept-dialog-open" },
  { match: /This is not a brokerage account/i, kind: "paper-disclaimer-open" },
  { match: /API client needs write access/i, kind: "write-access-dialog-open" },
];

/** Follows which dialogs are open, and what they mean. */
export function followDialogs(instance: IbcInstance, at: number, text: string): void {
  const event = /^detected (dialog|frame) entitled: (.*); event=(\w[\w ]*)\s*$/.exec(text);
  if (event !== null) {
    const title = (event[2] ?? "").trim().slice(0, 200);
    const noticed = BY_TITLE.find((one) => one.match.test(title));
    // Of frames only those that mean something: the splash and the log-in window change their titles while they live.
    if (event[1] === "frame" && noticed === undefined) return;
    if (event[3] === "Closed") instance.closeDialog(title);
    if (event[3] !== "Opened") return;
    instance.openDialog(title, at);
    if (noticed === undefined) return;
    if (noticed.whileOpen) instance.dialogProblem(title, noticed.kind, at, text);
    else instance.problem(noticed.kind, at, text);
    return;
  }
  if (/^Click button: I understand and accept/.test(text)) {
    // The click closes the window; IBC does not always log its Closed event.
    instance.closeDialogs(/not a brokerage account/i);
    instance.clear(["paper-disclaimer-open"]);
  }
  const inside = BY_TEXT.find((one) => one.match.test(text));
  // IBC's own reports about its setting (`AcceptIncomingConnectionAction=…`, "could not accept …") are no open dialog.
  if (inside !== undefined && !/^could not |^\s*\w+=/.test(text)) instance.dialogProblem(null, inside.kind, at, text);
}
