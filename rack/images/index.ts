export type { FetchImage } from "./download.ts";
export { ImageError, type ImageErrorCode, type StoredImage } from "./errors.ts";
export { bytesSource, type FileClient, type FileSource, type OpenFile } from "./file-source.ts";
export { type ContentStore, type ContentStoreOptions, fileSource, openContentStore } from "./store.ts";
