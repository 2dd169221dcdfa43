export { sweepDeliveries } from "./deliveries.ts";
export { registerWebhookRoutes } from "./routes.ts";
export { startWebhooks } from "./worker.ts";
