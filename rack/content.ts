import type { ImageFile, RackConfig } from "@rackwright/contract/rack";
import type { ContentStore, FetchImage, FileSource } from "./images/index.ts";

export interface ContentOptions {
  readonly store: ContentStore;
  readonly fetch: FetchImage;
  /** Milliseconds until files that could not be fetched are tried again. */
  readonly retry?: number;
}

/** The files the region's configuration names: fetched ahead, and fetched on demand. */
export class Content {
  readonly #options: ContentOptions;
  #files = new Map<string, ImageFile>();
  #loaders = new Map<string, ImageFile>();
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  constructor(options: ContentOptions) {
    this.#options = options;
  }

  /** Takes over a configuration and begins to fetch what is missing, boot loaders first. */
  update({ loaders, images }: RackConfig): void {
    this.#loaders = new Map(loaders.map((file) => [file.name.toLowerCase(), file]));
    this.#files = new Map([...loaders, ...images].map((file) => [file.sha256, file]));
    void this.#prefetch(++this.#round);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#round++;
  }

  /** The boot loader of this name, in lower case. */
  readonly loader = (name: string): ImageFile | undefined => this.#loaders.get(name);

  /** Fetches a file a machine asks for; false when no image has it. @throws ImageError when it cannot be had now */
  readonly ensure = async (hash: string): Promise<boolean> => {
    const file = this.#files.get(hash);
    if (file === undefined) return false;
    await this.#options.store.ensure(hash, file.size, this.#options.fetch);
    return true;
  };

  /** Opens a file, fetching it first where needed. */
  readonly open = async ({ sha256 }: Pick<ImageFile, "sha256">): Promise<FileSource | undefined> => {
    const { store } = this.#options;
    return (await store.open(sha256)) ?? ((await this.ensure(sha256)) ? store.open(sha256) : undefined);
  };

  /** The store tells what failed; here only another try is planned. */
  async #prefetch(round: number): Promise<void> {
    clearTimeout(this.#timer);
    let failed = false;
    for (const { sha256, size } of this.#files.values()) {
      if (round !== this.#round) return;
      try {
        await this.#options.store.ensure(sha256, size, this.#options.fetch);
      } catch {
        failed = true;
      }
    }
    if (failed && round === this.#round)
      this.#timer = setTimeout(() => void this.#prefetch(round), this.#options.retry ?? 30_000);
  }
}
