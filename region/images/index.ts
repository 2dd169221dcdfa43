export { listImages, registerImageRoutes } from "./routes.ts";
export { blobPath } from "./store.ts";
export { ImageSync, type ImageSyncOptions, type SyncOutcome } from "./sync.ts";
