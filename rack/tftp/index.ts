export type { TftpServerOptions } from "./options.ts";
export { type NormalisedPath, normalisePath } from "./path.ts";
export { startTftpServer, type TftpServer } from "./server.ts";
