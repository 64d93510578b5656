import { execFile } from "node:child_process";

const DEADLINE_MS = 2_000;
/** 50,000 lines of netstat. */
const OUTPUT_BYTES = 4 * 1024 * 1024;

/** @returns standard output; `null` where the program is missing, fails, is late or says too much */
export type RunProgram = (program: string, args: readonly string[]) => Promise<Buffer | null>;

/** Runs a program of the system by its whole path, without a shell, for 2 s at most. Never rejects. */
export const runProgram: RunProgram = async (program, args) => {
  const options = { encoding: "buffer", timeout: DEADLINE_MS, killSignal: "SIGKILL", maxBuffer: OUTPUT_BYTES, windowsHide: true } as const;
  try {
    return await new Promise<Buffer | null>((resolve) => {
      execFile(program, [...args], options, (error, stdout) => resolve(error === null ? stdout : null));
    });
  } catch {
    // Some failures to start are thrown (ENOMEM), most are told to the callback.
    return null;
  }
};
