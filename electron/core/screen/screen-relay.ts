import type { Duplex } from "node:stream";
import type { ByteChannel } from "../../../shared/rpc.ts";
import { createViewerHandshake } from "./viewer-handshake.ts";

export interface RelayEnd {
  readonly by: "viewer" | "server";
  /** In words. */
  readonly reason: string;
}

/**
 * Passes bytes between a logged-in RFB server and a viewer's channel until either ends. Nothing is parsed: memory stays bounded because
 * the server is read only as far as the viewer grants, and the viewer is granted only what the server took. The channel is left for the
 * caller to end, who may have something to tell first.
 */
export async function relayScreen(stream: Duplex, channel: ByteChannel, serverInit: Buffer): Promise<RelayEnd> {
  const handshake = createViewerHandshake(serverInit);
  let ended: RelayEnd | null = null;
  const finish = (by: RelayEnd["by"], reason: string): RelayEnd => {
    ended ??= { by, reason };
    return ended;
  };
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  // Errors may come late, also after the end: the listener stays.
  stream.on("error", (error) => finish("server", `the connection to the screen was lost (${error.message})`));
  stream.once("close", begin);
  channel.onEnd((reason) => {
    finish("viewer", reason);
    stream.destroy();
    begin();
  });

  let owed = 0;
  const settle = () => {
    const bytes = owed;
    owed = 0;
    if (bytes > 0) channel.grant(bytes);
  };
  stream.on("drain", settle);
  await channel.write(handshake.opening);
  channel.onData((bytes) => {
    try {
      const { reply, passOn } = handshake.take(bytes);
      if (reply.length > 0) void channel.write(reply);
      owed += bytes.length;
      if (passOn.length === 0 || stream.write(passOn)) settle();
      // The picture follows only after the viewer has had its ServerInit.
      if (handshake.done) begin();
    } catch (error) {
      channel.end(error instanceof Error ? error.message : String(error));
    }
  });
  await begun;
  try {
    for await (const chunk of stream) if (!(await channel.write(chunk))) break;
  } catch (error) {
    // Node's own words for a stream that was destroyed under its reader tell nobody anything.
    const known = error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
    finish(
      "server",
      known ? "the connection to the screen was lost" : `the connection to the screen was lost (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  stream.destroy();
  return finish("server", "the screen's server closed the connection");
}
