import type { ReactNode } from "react";

const PATHS = {
  overview: <path d="M2.5 13.5v-6M6.2 13.5v-11M9.8 13.5V6M13.5 13.5V9" />,
  screen: <path d="M2 3h12v8H2zM6 14h4M8 11v3" />,
  diagnosis: <path d="M1.5 8h3l1.8-5 3 10L11.2 8h3.3" />,
  log: <path d="M2.5 3.5h11M2.5 6.5h11M2.5 9.5h7M2.5 12.5h9" />,
  settings: <path d="M2 4.5h6.5M12.5 4.5H14M2 11.5h1.5M7.5 11.5H14M10.5 2.5v4M5.5 9.5v4" />,
  plus: <path d="M8 3v10M3 8h10" />,
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.2" />,
  eye: (
    <>
      <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z" />
      <circle cx="8" cy="8" r="2" />
    </>
  ),
  "eye-off": (
    <path d="M2 2l12 12M6.5 3.700A6.6 6.6 0 0 1 8 3.500c4 0 6.5 4.5 6.5 4.500a11 11 0 0 1-1.9 2.400M4 4.900A11 11 0 0 0 1.5 8S4 12.5 8 12.500a6.4 6.4 0 0 0 3-.8" />
  ),
  contrast: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 2.500v11a5.5 5.5 0 0 0 0-11z" fill="currentColor" />
    </>
  ),
  keyboard: <path d="M1.5 4h13v8h-13zM4 6.500h.01M6.5 6.500h.01M9 6.500h.01M11.5 6.500h.01M5 9.500h6" />,
  close: <path d="M4 4l8 8M12 4l-8 8" />,
  check: <path d="M3 8.5 6.5 12 13 4.5" />,
  cross: <path d="M4 4l8 8M12 4l-8 8" />,
  dot: <circle cx="8" cy="8" r="2" />,
  copy: <path d="M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3" />,
  download: <path d="M8 2v8.500M4.5 7 8 10.5 11.5 7M2.5 13.500h11" />,
  full: <path d="M2.5 6V2.500H6M10 2.500h3.500V6M13.5 10v3.500H10M6 13.500H2.500V10" />,
  chevron: <path d="M4 6l4 4 4-4" />,
  up: <path d="M8 13V3.500M4 7l4-4 4 4" />,
  down: <path d="M8 3v9.500M4 9l4 4 4-4" />,
  lock: <path d="M3.5 7.500h9v6h-9zM5.5 7.500V5a2.5 2.5 0 0 1 5 0v2.5" />,
  unlock: <path d="M3.5 7.500h9v6h-9zM5.5 7.500V5a2.5 2.5 0 0 1 4.8-1" />,
  clipboard: <path d="M5.5 3.500h-2v10h9v-10h-2M5.5 2h5v3h-5z" />,
  camera: (
    <>
      <path d="M1.5 4.500h3l1.2-2h4.600l1.2 2h3v8.500h-13z" />
      <circle cx="8" cy="8.5" r="2.5" />
    </>
  ),
  warning: <path d="M8 2 15 14H1zM8 6.500v3.500M8 12h.01" />,
} satisfies Record<string, ReactNode>;
export type IconName = keyof typeof PATHS;

/** Always decoration: a word or a label stands beside it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 16 16"
      width={size}
      height={size}
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {PATHS[name]}
    </svg>
  );
}
