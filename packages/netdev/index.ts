export * from "./checksum.ts";
export * from "./device-socket.ts";
export * from "./frame-sender.ts";
export * from "./interfaces.ts";
export { DeviceError, openLibc, type Libc } from "./libc.ts";
export * from "./neighbour.ts";
export * from "./packet-sender.ts";
export * from "./run.ts";
