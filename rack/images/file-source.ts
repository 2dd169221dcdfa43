/** A file that is served: known size, random reads. Nobody reads it whole. */
export interface FileSource {
  readonly size: number;
  /**
   * Up to `length` bytes from `offset`; fewer only at the end of the file.
   * @param into memory of at least `length` bytes that may be used for it, for readers of much: new memory for every
   *   piece of a large file is garbage faster than it is collected
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Who asks for a file, and which of our addresses it asked. IPv4 addresses in dotted form. */
export interface FileClient {
  readonly address: string;
  readonly localAddress: string;
  /** What the question came by; loader configurations differ. */
  readonly protocol: "tftp" | "http";
}

/** Finds a file by its normalised path (no leading slash, `/` as separator, no `..`); undefined = there is none. */
export type OpenFile = (path: string, client: FileClient) => Promise<FileSource | undefined>;

/** A file held in memory, for rendered configurations. */
export function bytesSource(bytes: Uint8Array): FileSource {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    close: () => Promise.resolve(),
  };
}
