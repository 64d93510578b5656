import type { Settings } from "../../../shared/settings.ts";

/** How a host puts itself into the person's log-in. */
export interface StartAtLogin {
  /** Why this one cannot, as a sentence for people; `null`: it can. */
  readonly hindrance: string | null;
  /**
   * Brings the system in line with the setting. `asked`: the person switched it on in this host; otherwise (start, edit from outside) what another
   * host of Gatelight has set up stays.
   * @returns why that failed, as a sentence for people; `null`: done, or nothing to do
   */
  apply(on: boolean, asked: boolean): string | null;
}

/** What the settings store does before it writes: the switch is only saved once the system took it. */
export function atLoginBeforeSave(host: StartAtLogin): (next: Settings, before: Settings) => readonly string[] {
  return (next, before) => {
    const why = next.startAtLogin === before.startAtLogin ? null : host.apply(next.startAtLogin, true);
    return why === null ? [] : [`startAtLogin: ${why}`];
  };
}
