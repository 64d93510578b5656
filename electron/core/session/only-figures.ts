import type { SessionReport } from "./session.ts";

/**
 * Whether a report differs from the one before in amounts, ages and round trips only. A gateway sends those once a second and position for as long as it runs;
 * a verdict is made anew every second anyway, and at once only where something else moved.
 */
export function onlyFigures(before: SessionReport, after: SessionReport): boolean {
  return gist(before) === gist(after);
}

function gist({ api, late, failures, broker, account, accounts, session }: SessionReport): string {
  return JSON.stringify([
    api.kind === "ready" ? [api.kind, api.since, api.clientId, api.accounts] : api,
    // Told to the moment: no light stays green until the next second.
    late,
    failures.length,
    failures.at(-1)?.at,
    broker,
    account === null ? null : [account.accounts, account.requestedAt, account.completeAt],
    accounts.map(({ id, stale, positions }) => [id, stale, positions.length]),
    session,
  ]);
}
