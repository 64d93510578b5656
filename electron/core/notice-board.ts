import type { Notice } from "../../shared/snapshot.ts";

/** What the person should know once. */
export interface NoticeBoard {
  readonly notices: readonly Notice[];
  /** Takes the place of one with the same id. */
  put(notice: Notice): void;
  /** The one notice of a kind that is due now, or none: what was dismissed does not come back, what is over goes by itself. */
  keep(prefix: string, due: Notice | null): void;
  dismiss(id: string): void;
}

/** Dismissed ids that are remembered. */
const REMEMBERED = 200;

export function createNoticeBoard(first: readonly Notice[], onChange: () => void): NoticeBoard {
  let notices = first;
  let dismissed: readonly string[] = [];
  const change = (next: readonly Notice[]) => {
    notices = next;
    onChange();
  };
  return {
    get notices() {
      return notices;
    },
    put(notice) {
      change([...notices.filter((other) => other.id !== notice.id), notice]);
    },
    keep(prefix, due) {
      const shown = notices.filter((notice) => notice.id.startsWith(prefix));
      const wanted = due !== null && !dismissed.includes(due.id);
      if (wanted ? shown.length === 1 && shown[0]?.id === due.id && shown[0].action?.repair === due.action?.repair : shown.length === 0) return;
      change([...notices.filter((notice) => !notice.id.startsWith(prefix)), ...(wanted ? [due] : [])]);
    },
    dismiss(id) {
      dismissed = [...dismissed, id].slice(-REMEMBERED);
      change(notices.filter((notice) => notice.id !== id));
    },
  };
}
