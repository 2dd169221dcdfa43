export { kernelOptionsOf, setTags } from "./give.ts";
export { isLshw, missingXml, saveLshw, saveLshwResult } from "./lshw.ts";
export { registerTagRoutes } from "./routes.ts";
export { startTagger, tagChanged } from "./tagger.ts";
