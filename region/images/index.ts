export {
  type CustomImage,
  type ImageUpload,
  createUpload,
  deleteCustomImage,
  listCustomImages,
  readCustomImage,
  receiveChunk,
} from "./uploads.ts";
export { type Filetype, filetypes } from "./filetypes.ts";
export { listImages, registerImageRoutes, syncStore } from "./routes.ts";
export { createSelection, deleteSelection, listSelections, readSelection, updateSelection } from "./selections.ts";
export { registerBootSourceRoutes } from "./source-routes.ts";
export { createBootSource, deleteBootSource, listBootSources, readBootSource, updateBootSource } from "./sources.ts";
export { blobPath } from "./store.ts";
export { ImageSync, type ImageSyncOptions, type SyncOutcome } from "./sync.ts";
