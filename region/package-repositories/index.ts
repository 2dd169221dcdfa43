export {
  type BuiltinArchive,
  builtinArchive,
  createRepository,
  deleteRepository,
  listRepositories,
  readRepository,
  updateRepository,
} from "./repositories.ts";
export { registerPackageRepositoryRoutes } from "./routes.ts";
