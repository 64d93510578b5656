import { Worker } from "node:worker_threads";

/** A key whose guard takes longer to compute than anyone waits. */
export class TookTooLong extends Error {
  override readonly name = "TookTooLong";
}

const DEADLINE_MS = 60_000;

/**
 * Runs source text in a worker thread, so that a window never freezes while a key is opened: `input` is its `workerData`, the first message it
 * posts is the result. As text, since a worker file would get lost when everything is bundled into one.
 * @throws TookTooLong after 60 s; Error when the worker fails
 */
export function runApart(source: string, input: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(source, { eval: true, workerData: input, execArgv: [], env: {} });
    const end = () => {
      clearTimeout(timer);
      void worker.terminate();
    };
    const timer = setTimeout(() => {
      end();
      reject(new TookTooLong("opening the key took more than 60 s"));
    }, DEADLINE_MS);
    worker.once("message", (result: unknown) => {
      end();
      resolve(result);
    });
    worker.once("error", (error) => {
      end();
      reject(error);
    });
  });
}
