import type { Notice } from "../../shared/snapshot.ts";
import { messageOf } from "../api/errors.ts";
import { useCall } from "../api/link-context.tsx";
import { strings } from "../strings.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icons.tsx";
import { useToast } from "./toasts.tsx";

interface Props {
  notices: readonly Notice[];
  onAction: (action: NonNullable<Notice["action"]>) => void;
}

export function Notices({ notices, onAction }: Props) {
  const call = useCall();
  const toast = useToast();
  return notices.map((notice) => (
    <section key={notice.id} className={`banner banner-${notice.kind}`} aria-label={notice.title}>
      <Icon name={notice.kind === "info" ? "dot" : "warning"} />
      <p>
        <strong>{notice.title}</strong> {notice.detail}
      </p>
      {notice.action !== undefined && <NoticeAction action={notice.action} onAction={onAction} />}
      <Button small look="quiet" onPress={() => call("notice.dismiss", { id: notice.id }).catch((error) => toast(messageOf(error), "error"))}>
        {strings.dismiss}
      </Button>
    </section>
  ));
}

function NoticeAction({ action, onAction }: { action: NonNullable<Notice["action"]>; onAction: Props["onAction"] }) {
  return (
    <Button small onPress={() => onAction(action)}>
      {action.label}
    </Button>
  );
}
