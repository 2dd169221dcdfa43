export {
  createNotification,
  deleteNotification,
  dismissNotification,
  listNotifications,
  readNotification,
  updateNotification,
} from "./notifications.ts";
export { registerNotificationRoutes } from "./routes.ts";
