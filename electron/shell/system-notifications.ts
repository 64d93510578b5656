import { Notification } from "electron";
import type { Notice } from "../../shared/decide-notifications.ts";
import type { Log } from "../core/report/log.ts";

/** Shows notifications by the system, as `shared/notifier.ts` asks for it. */
export function systemNotifications(log: Log, onClick: (notice: Notice) => void): (notice: Notice, ended: () => void) => (() => void) | null {
  return (notice, ended) => {
    if (!Notification.isSupported()) return null;
    const made = new Notification({ title: notice.title, body: notice.body, urgency: notice.urgent ? "critical" : "normal" });
    made.on("click", () => {
      ended();
      onClick(notice);
    });
    made.on("close", ended);
    // Since Electron 42 macOS refuses them from programs that are not signed.
    made.on("failed", (_event, error) => {
      ended();
      log.warn("a notification could not be shown", { error });
    });
    made.show();
    return () => made.close();
  };
}
