import { ACCOUNT_FAULTS } from "./faults/account.ts";
import { API_FAULTS } from "./faults/api.ts";
import { BROKER_FAULTS } from "./faults/broker.ts";
import { CONTAINER_FAULTS } from "./faults/container.ts";
import type { Fault } from "./faults/fault.ts";
import { LOGIN_FAULTS } from "./faults/login.ts";
import { MCP_FAULTS } from "./faults/mcp.ts";
import { RELAY_FAULTS } from "./faults/relay.ts";
import { SCREEN_FAULTS } from "./faults/screen.ts";
import { WAY_FAULTS } from "./faults/way.ts";

export type { Asking, Fault } from "./faults/fault.ts";

/** Every failure that the lab can produce, in the order in which data passes. */
export const FAULTS: readonly Fault[] = [
  ...WAY_FAULTS,
  ...CONTAINER_FAULTS,
  ...LOGIN_FAULTS,
  ...RELAY_FAULTS,
  ...API_FAULTS,
  ...BROKER_FAULTS,
  ...ACCOUNT_FAULTS,
  ...SCREEN_FAULTS,
  ...MCP_FAULTS,
];

/** The fault of that name. @throws Error that names those of a similar name */
export function faultOf(id: string): Fault {
  const fault = FAULTS.find((one) => one.id === id);
  if (fault !== undefined) return fault;
  const near = FAULTS.map((one) => ({
    id: one.id,
    far: Math.min(distance(id, one.id), id.length > 2 && one.id.includes(id) ? 1 : 99, distance(id, one.cause)),
  }))
    .filter(({ far }) => far <= Math.max(2, id.length / 2))
    .toSorted((a, b) => a.far - b.far)
    .slice(0, 3);
  const meant = near.length > 0 ? `Did you mean ${near.map((one) => one.id).join(", ")}? ` : "";
  throw new Error(`There is no fault "${id}". ${meant}All of them: npm run lab -- list`);
}

/** Letters to change, add or leave out (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_unused, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}
