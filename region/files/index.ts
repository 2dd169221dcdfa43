export { type StoredFile, deleteFile, largestFile, listFiles, readFile, readFileByKey, writeFile } from "./files.ts";
