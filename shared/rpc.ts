/**
 * The contract over any message pipe: `serveLink` on Core's side, `createClient` in a window. Own code: the one library that speaks both
 * message ports and WebSockets lets malformed messages through.
 */
export type { ByteChannel } from "./byte-channel.ts";
export { CallError } from "./call-error.ts";
export { CALL_ERRORS, type CallErrorCode, CLOSE, LIMITS, PROTOCOL } from "./frames.ts";
export { enterSocket, LinkError, type Pipe, type PipeEnd, portPipe, type Socket, socketPipe } from "./pipe.ts";
export { type Client, type ClientOptions, createClient } from "./rpc-client.ts";
export { type LinkOptions, type ScreenDoor, type ServedLink, type SnapshotStore, serveLink } from "./rpc-server.ts";
export { VncChannel } from "./vnc-channel.ts";
