/**
 * Moves this process' wall clock to a quiet hour (a Wednesday, 11:00 in New York: no reset window anywhere), so that IBKR's calendar,
 * which rightly excuses faults at night and on Sundays, does not change what a test sees. Time goes on as usual from there.
 * As a preload for child processes: node --import <this file>.
 */
const QUIET = Date.UTC(2026, 10, 25, 16, 0, 0);
const RealDate = globalThis.Date;
const started = Number(process.env.GATELIGHT_TEST_STARTED ?? RealDate.now());
process.env.GATELIGHT_TEST_STARTED = String(started);

/** How far this process' clock is ahead of the machine's, in ms. */
export let shiftedBy = QUIET - started;

/** Hours go by at once, for this process alone. @param ms to go forward */
export function passTime(ms: number): void {
  shiftedBy += ms;
}

class ShiftedDate extends RealDate {
  constructor(...args: [] | [number | string | Date] | [number, number, number?, number?, number?, number?, number?]) {
    if (args.length === 0) super(RealDate.now() + shiftedBy);
    // One tuple type is not accepted for the overloads of Date.
    else if (args.length === 1) super(args[0]);
    else super(args[0], args[1], args[2] ?? 1, args[3] ?? 0, args[4] ?? 0, args[5] ?? 0, args[6] ?? 0);
  }
  static override now(): number {
    return RealDate.now() + shiftedBy;
  }
}
globalThis.Date = ShiftedDate as DateConstructor;
