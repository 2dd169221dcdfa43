export {
  createLicenseKey,
  deleteLicenseKey,
  listLicenseKeys,
  readLicenseKey,
  updateLicenseKey,
} from "./license-keys.ts";
export { registerLicenseKeyRoutes } from "./routes.ts";
