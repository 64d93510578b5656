import type { Browser } from "playwright-core";
import { type App, makeQuarters, type Quarters, startApp } from "./app.ts";
import { launchChromium } from "./screen-stage.ts";
import { type Sshd, type SshdOptions, startSshd } from "./sshd.ts";

export interface RealGateway {
  readonly id: string;
  readonly name: string;
  readonly mode: "paper" | "live";
  /** Where its screen answers on that server; absent: Docker is asked. */
  readonly vncPort?: number;
  /** Its container is seen (with `options.docker`), and has the screen's port for its own. */
  readonly contained?: boolean;
}
export interface RealHome {
  readonly quarters: Quarters;
  readonly sshd: Sshd;
  readonly browser: Browser;
  readonly app: App;
  dispose(): Promise<void>;
}

/** The built app as it is, beside Debian's sshd on this machine, with gateways whose screens are what the test says. There is no Docker there. */
export async function startRealHome(
  gateways: readonly RealGateway[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly docker?: string; readonly sshd?: SshdOptions } = {},
): Promise<RealHome> {
  const quarters = makeQuarters();
  const [sshd, browser] = await Promise.all([startSshd(options.sshd), launchChromium()]);
  const tidy = async () => {
    await browser.close();
    await sshd.dispose();
    quarters.dispose();
  };
  const app = await startApp(quarters, {
    ...(options.env === undefined ? {} : { env: options.env }),
    settings: {
      version: 1,
      servers: [
        {
          id: "home",
          docker: options.docker ?? "/nonexistent/docker",
          reach: {
            kind: "ssh",
            host: "127.0.0.1",
            port: sshd.port,
            user: sshd.user,
            identityFiles: [sshd.identityFile],
            useAgent: false,
            useSshConfig: false,
            knownHostsFile: sshd.knownHostsFile,
          },
          gateways: gateways.map(({ id, name, mode, vncPort, contained }) => ({
            id,
            name,
            mode,
            container: `mcp-ib-gateway-${id}`,
            ...(contained === true ? { ports: { vnc: vncPort } } : {}),
            endpoints: { vnc: vncPort === undefined ? null : `127.0.0.1:${vncPort}` },
          })),
        },
      ],
    },
  }).catch(async (error: unknown) => {
    await tidy();
    throw error;
  });
  return {
    quarters,
    sshd,
    browser,
    app,
    async dispose() {
      await app.stop();
      await tidy();
    },
  };
}
