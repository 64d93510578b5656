import { expect, it } from "vitest";
import { createNoticeBoard } from "../../../electron/core/notice-board.ts";
import type { Notice } from "../../../shared/snapshot.ts";

const notice = (id: string): Notice => ({ id, kind: "info", title: id, detail: "", at: 1 });
const shown = (notices: readonly Notice[]) => notices.map((one) => one.id);

it("keeps the notice that is due, takes it back when it is over, and never brings back what was dismissed", () => {
  let changes = 0;
  const board = createNoticeBoard([notice("first")], () => {
    changes++;
  });
  board.keep("weekly/", null);
  expect(changes).toBe(0);
  board.keep("weekly/", notice("weekly/29"));
  board.keep("weekly/", notice("weekly/29"));
  expect(changes).toBe(1);
  expect(shown(board.notices)).toEqual(["first", "weekly/29"]);
  board.dismiss("weekly/29");
  board.keep("weekly/", notice("weekly/29"));
  expect(shown(board.notices)).toEqual(["first"]);
  board.keep("weekly/", notice("weekly/36"));
  board.put({ ...notice("first"), title: "newer" });
  expect(board.notices.map((one) => one.title)).toEqual(["weekly/36", "newer"]);
  board.keep("weekly/", null);
  expect(shown(board.notices)).toEqual(["first"]);
});
