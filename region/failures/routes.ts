import { catalogue, causeDescription } from "@rackwright/contract";
import { z } from "zod";
import { NotFound } from "../errors.ts";
import type { App } from "../http/app.ts";

const tags = ["failures"];

/** Routes of the failure catalogue, the same text as docs/reference/failures.md. It holds no secret and needs no user. */
export function registerFailureRoutes(routes: App): void {
  routes.get(
    "/api/v1/failures",
    {
      config: { public: true },
      schema: {
        tags,
        summary: "Every cause of failure with what it means",
        response: { 200: z.object({ items: z.array(causeDescription) }) },
      },
    },
    async () => ({ items: [...catalogue] }),
  );

  routes.get(
    "/api/v1/failures/:code",
    {
      config: { public: true },
      schema: {
        tags,
        summary: "What one code of failure means",
        params: z.object({ code: z.string().max(64) }),
        response: { 200: causeDescription },
      },
    },
    async (incoming) => {
      const { code } = incoming.params;
      const cause = catalogue.find((each) => each.code === code);
      if (!cause) throw new NotFound(`No failure has the code ${code}.`, { next: "GET /api/v1/failures lists them." });
      return cause;
    },
  );
}
