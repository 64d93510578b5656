import { useEffect, useState } from "react";
import { strings } from "../strings.ts";
import { Button } from "../ui/button.tsx";

const now = (): NotificationPermission | "missing" => ("Notification" in window ? Notification.permission : "missing");

/** Whether this browser shows notifications; it is only asked by a click. */
export function BrowserPermission() {
  const [permission, setPermission] = useState(now);
  useEffect(() => {
    const ended = new AbortController();
    // Changed in the browser's own settings. Where it cannot be followed, it is read anew with the next visit to this view.
    navigator.permissions?.query({ name: "notifications" }).then(
      (status) => status.addEventListener("change", () => setPermission(now()), { signal: ended.signal }),
      () => undefined,
    );
    return () => ended.abort();
  }, []);
  if (permission !== "default") return <p className="quiet">{strings.general.inBrowser[permission]}</p>;
  return (
    <Button small onPress={() => void Notification.requestPermission().then(() => setPermission(now()))}>
      {strings.general.inBrowser.ask}
    </Button>
  );
}
