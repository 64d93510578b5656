import type { HomeGateway } from "../home.ts";
import type { Scenario } from "./scenario.ts";

/** What fits into the accept queue of a JVM (backlog 50). */
const FULL = 51;

/** Nobody calls accept() any more; `count` clients are waiting, most of which gave up since. */
export function wedge(item: HomeGateway, count: number): Promise<void> {
  item.touched = true;
  const gateway = item.gateway;
  const namespace = gateway?.container.namespace;
  if (gateway === null || gateway === undefined || namespace === undefined) return Promise.resolve();
  gateway.plan.acceptStopped = true;
  gateway.api.dropAll();
  gateway.apply();
  const waiting = Array.from(
    { length: count },
    (_unused, index) =>
      new Promise<void>((resolve) => {
        namespace.net.connect(namespace, "127.0.0.1", gateway.apiPort, {
          connected: (socket) => {
            socket.write("API\0\0\0\0\x09v100..176");
            // Three workers still wait; health checks and retries before them gave up.
            if (index >= 3) socket.forget();
            else socket.resume();
            resolve();
          },
          failed: () => resolve(),
        });
      }),
  );
  return Promise.all(waiting).then(() => undefined);
}

export const WEDGES: readonly Scenario[] = [
  {
    id: "incident",
    title: "API port listens but answers nobody",
    cause: "accept-queue-wedge",
    play: ({ paper }) => wedge(paper, FULL),
  },
  {
    id: "accept-queue-wedge",
    title: "Accept queue full: new connections time out",
    cause: "accept-queue-wedge",
    play: ({ paper }) => wedge(paper, FULL),
  },
  {
    id: "accept-queue-wedge-early",
    title: "Accept queue filling: connections stay silent",
    cause: "accept-queue-wedge",
    play: ({ paper }) => wedge(paper, 7),
  },
];
