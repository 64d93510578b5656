import type { Notice } from "../../shared/snapshot.ts";
import { messageOf } from "../api/errors.ts";
import { useCall } from "../api/link-context.tsx";
import { strings } from "../strings.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icons.tsx";
import { useToast } from "./toasts.tsx";

export function Notices({ notices }: { notices: readonly Notice[] }) {
  const call = useCall();
  const toast = useToast();
  return notices.map((notice) => (
    <section key={notice.id} className={`banner banner-${notice.kind}`} aria-label={notice.title}>
      <Icon name={notice.kind === "info" ? "dot" : "warning"} />
      <p>
        <strong>{notice.title}</strong> {notice.detail}
      </p>
      <Button small look="quiet" onPress={() => call("notice.dismiss", { id: notice.id }).catch((error) => toast(messageOf(error), "error"))}>
        {strings.dismiss}
      </Button>
    </section>
  ));
}
