import { type RefObject, useCallback, useEffect, useState } from "react";

/** Shorter tables are drawn whole, so that the browser's own search finds every row. */
const WHOLE = 60;
/** Rows drawn beyond what is seen, at each end. */
const SPARE = 8;
const GUESSED_ROW_PX = 29;

export interface Windowed {
  /** The first row that is drawn, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Room for the rows that are not, in pixels. */
  readonly before: number;
  readonly after: number;
  readonly whole: boolean;
}

/**
 * Of a long table only the rows that are seen are drawn: thousands of updates a second would otherwise lay out hundreds of rows at each of them.
 * @param box what scrolls @param count of rows, all equally high
 */
export function useWindowed(box: RefObject<HTMLElement | null>, count: number): Windowed {
  const whole = count <= WHOLE;
  const [view, setView] = useState({ top: 0, height: 800, row: GUESSED_ROW_PX });
  const look = useCallback(() => {
    const element = box.current;
    if (element === null) return;
    const row = element.querySelector("tbody:not(.gap) tr")?.getBoundingClientRect().height ?? 0;
    setView((before) => {
      const next = { top: element.scrollTop, height: element.clientHeight, row: row > 0 ? row : before.row };
      // Drawn anew only when the first row seen has changed, or the sizes.
      const same = Math.floor(next.top / next.row) === Math.floor(before.top / before.row) && next.height === before.height && next.row === before.row;
      return same ? before : next;
    });
  }, [box]);
  useEffect(() => {
    const element = box.current;
    if (element === null || whole) return undefined;
    look();
    element.addEventListener("scroll", look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      sizes.disconnect();
    };
  }, [box, whole, look]);
  if (whole) return { from: 0, to: count, before: 0, after: 0, whole };
  const seen = Math.ceil(view.height / view.row);
  // A filter may have left fewer rows than were scrolled past.
  const first = Math.min(Math.floor(view.top / view.row), Math.max(0, count - seen));
  const from = Math.max(0, first - SPARE);
  const to = Math.min(count, first + seen + SPARE);
  return { from, to, before: from * view.row, after: (count - to) * view.row, whole };
}
