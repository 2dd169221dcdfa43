import { z } from "zod";
import type { Shapes } from "../testing/example.ts";

const place = z.strictObject({ id: z.int(), name: z.string(), description: z.string(), resource_uri: z.string() });

export const placeShapes = { Zone: place, ResourcePool: place } satisfies Shapes;
