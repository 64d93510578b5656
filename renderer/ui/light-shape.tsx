import type { ReactNode } from "react";
import type { LightState } from "../../shared/words.ts";
import { strings } from "../strings.ts";

/** The shapes of the lights, the same as in the tray. A shape alone tells the state; colour only repeats it. */
const SHAPES: Readonly<Record<LightState, ReactNode>> = {
  up: <circle cx="8" cy="8" r="6" fill="currentColor" />,
  connecting: (
    <>
      <circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M8 2.75a5.25 5.25 0 0 0 0 10.5z" fill="currentColor" />
    </>
  ),
  degraded: <path d="M8 1.5 14.5 8 8 14.5 1.5 8z" fill="currentColor" />,
  down: <path d="M8 1.75 15 14H1z" fill="currentColor" strokeLinejoin="round" />,
  off: <circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  "needs-you": (
    <path
      d="M4.6 8.2V4.3a.9.9 0 0 1 1.8 0v3M6.4 7V2.9a.9.9 0 0 1 1.8 0V7m0-.2V3.4a.9.9 0 0 1 1.8 0v4m0-2.4a.9.9 0 0 1 1.8 0v4.9c0 2.6-1.6 4.6-4.1 4.6-1.9 0-3-.8-4-2.6L2 8.9c-.3-.6 0-1.1.4-1.3.5-.2 1 0 1.3.5l1 1.4z"
      fill="currentColor"
      stroke="currentColor"
      strokeWidth=".9"
      strokeLinejoin="round"
    />
  ),
  unknown: (
    <>
      <path d="M5.2 5.9A2.8 2.8 0 1 1 9.4 8.2C8.4 8.8 8 9.3 8 10.3" fill="none" stroke="currentColor" strokeWidth="1.9" strokeLinecap="round" />
      <circle cx="8" cy="13" r="1.25" fill="currentColor" />
    </>
  ),
};

/** @param label set when no word stands beside it; the drawing itself is decoration */
export function LightShape({ state, size = 16, label }: { state: LightState; size?: number; label?: string }) {
  return (
    <>
      <svg className="light-shape" data-state={state} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
        {SHAPES[state]}
      </svg>
      {label !== undefined && <span className="visually-hidden">{label}</span>}
    </>
  );
}

/** Shape and word. */
export function LightWord({ state, word }: { state: LightState; word?: string }) {
  return (
    <span className="light-word" data-state={state}>
      <LightShape state={state} size={12} />
      <span>{word ?? strings.states[state]}</span>
    </span>
  );
}
