export { deliveryList, sweepDeliveries } from "./deliveries.ts";
export { registerWebhookRoutes } from "./routes.ts";
export { startWebhooks } from "./worker.ts";
export { webhookList } from "./webhooks.ts";
