import { notFound } from "@rackwright/contract";
import { RegionError } from "../errors.ts";

/** There was such a thing once, and there is not any more: 410. */
export class Gone extends RegionError {
  readonly status = 410;
  readonly title = "Gone";

  constructor(message: string) {
    super(message, notFound);
  }
}
