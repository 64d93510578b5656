import { BY_SCREEN } from "./by-screen.ts";
import { ACCOUNT_FAULTS } from "./faults/account.ts";
import { API_FAULTS } from "./faults/api.ts";
import { BROKER_FAULTS } from "./faults/broker.ts";
import { CONTAINER_FAULTS } from "./faults/container.ts";
import { LOGIN_FAULTS } from "./faults/login.ts";
import { MCP_FAULTS } from "./faults/mcp.ts";
import { RELAY_FAULTS } from "./faults/relay.ts";
import { SCREEN_FAULTS } from "./faults/screen.ts";
import { WAY_FAULTS } from "./faults/way.ts";
import { FAULTS, type Fault } from "./faults.ts";
import { INTERRUPTIONS } from "./interruptions.ts";
import type { LabTest } from "./lab-test.ts";
import { POLITENESS } from "./politeness.ts";
import { REPAIRS } from "./repairs.ts";

/** What one lab shows, from its start to its end. */
export interface Part {
  readonly faults: readonly Fault[];
  readonly tests: readonly LabTest[];
  /** What the lab does in minutes befalls a gateway in years: after so many a watcher begins anew, with nothing remembered. */
  readonly anewAfter: number;
}

export const TESTS: Readonly<Record<string, readonly LabTest[]>> = {
  politeness: POLITENESS,
  screen: BY_SCREEN,
  repairs: REPAIRS,
  interruptions: INTERRUPTIONS,
};

const part = (faults: readonly Fault[], tests: readonly LabTest[] = []): Part => ({
  faults,
  tests: tests.filter((test) => test.when !== "quick"),
  anewAfter: 1,
});
const third = <T>(all: readonly T[], which: number): T[] => all.filter((_one, at) => at % 3 === which);

/** The whole catalogue, all of politeness and all repairs, as labs that run side by side (GATELIGHT_LAB=full): each a file of its name in whole/. */
export const PARTS = {
  way: part(WAY_FAULTS),
  container: part(CONTAINER_FAULTS),
  "login-1": part(third(LOGIN_FAULTS, 0)),
  "login-2": part(third(LOGIN_FAULTS, 1)),
  "login-3": part(third(LOGIN_FAULTS, 2)),
  relay: part(RELAY_FAULTS),
  api: part(API_FAULTS),
  broker: part([...BROKER_FAULTS, ...ACCOUNT_FAULTS, ...MCP_FAULTS]),
  screen: part(SCREEN_FAULTS, BY_SCREEN),
  politeness: part([], POLITENESS),
  "repairs-1": part([], third(REPAIRS, 0)),
  "repairs-2": part([], third(REPAIRS, 1)),
  "repairs-3": part([], third(REPAIRS, 2)),
  interruptions: part([], INTERRUPTIONS),
} as const satisfies Readonly<Record<string, Part>>;

/** Shown in every run, beside those that politeness, the screen and repairs bring about (wedge, localhost-only, container-stopped, x11vnc-killed). */
const EVERY_RUN = [
  "dns-name-missing",
  "sshd-not-there",
  "key-refused",
  "host-key-unknown",
  "host-key-changed",
  "forwarding-forbidden",
  "sshd-stopped",
  "client-id-taken",
  "broker-away",
];

/** @param only names of faults, and of TESTS, for one who works on them; without it, what is shown in every run */
export function shortPart(only: string | undefined): Part {
  if (only === undefined)
    return {
      faults: FAULTS.filter((fault) => EVERY_RUN.includes(fault.id)),
      tests: Object.values(TESTS).flatMap((tests) => tests.filter((test) => test.when !== "whole")),
      anewAfter: 2,
    };
  const names = only.split(",");
  const unknown = names.filter((name) => TESTS[name] === undefined && !FAULTS.some((fault) => fault.id === name));
  if (unknown.length > 0) throw new Error(`The lab knows no ${unknown.join(", ")}`);
  return part(
    FAULTS.filter((fault) => names.includes(fault.id)),
    names.flatMap((name) => TESTS[name] ?? []),
  );
}
