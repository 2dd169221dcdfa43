import { z } from "zod";
import {
  type StoredFile,
  deleteFile,
  largestFile,
  listFiles,
  readFile,
  readFileByKey,
  writeFile,
} from "../files/index.ts";
import { InputError, NotFound } from "../errors.ts";
import { callerOf, matching } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

const model = "FileStorage";
const binary = "application/octet-stream";
/** A file with what multipart puts around it, and base64 where a client encodes it. */
const limit = Math.ceil((largestFile * 4) / 3) + 64 * 1024;

const render = ({ filename, key }: StoredFile) => ({
  filename,
  anon_resource_uri: `/MAAS/api/2.0/files/?op=get_by_key&key=${encodeURIComponent(key)}`,
  resource_uri: `/MAAS/api/2.0/files/${encodeURIComponent(filename)}/`,
});
const filename = text("Name of the file.", 1000);

function uploadOf({ uploads }: Call): Buffer {
  const [file, ...others] = uploads.length > 1 ? uploads.filter(({ field }) => field === "file") : uploads;
  if (file === undefined) throw new InputError("File not supplied");
  if (others.length > 0) throw new InputError("Exactly one file must be supplied");
  return file.data;
}

/** The caller's file of the name in the path. */
async function fileOf(call: Call) {
  const name = call.path["filename"] ?? "";
  try {
    return await readFile(call.db, callerOf(call), name);
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}

/** `files/`: files that programs keep with the region, each user's own. */
export const fileResources: readonly Resource[] = [
  {
    handler: "FilesHandler",
    anonymous: "AnonFilesHandler",
    path: "files/",
    doc: "Manage your files.",
    operations: {
      GET: operation({
        access: "user",
        title: "List your files.",
        parameters: z.object({ prefix: text("Beginning of their names.", 1000).optional() }),
        run: async (call, { prefix }) => ({ json: (await listFiles(call.db, callerOf(call), prefix)).map(render) }),
      }),
      POST: operation({
        access: "user",
        title: "Store a file; one of the same name is replaced.",
        errors: "text",
        limit,
        parameters: z.object({ filename }),
        run: async (call, { filename }) => {
          const file = { filename, content: uploadOf(call) };
          await writeFile(call.db, callerOf(call), file, call.clock.now());
          return { status: 201, text: "" };
        },
      }),
      DELETE: operation({
        access: "user",
        title: "Delete a file.",
        errors: "text",
        parameters: z.object({ filename }),
        run: async (call, { filename }) => {
          await matching(model, deleteFile(call.db, callerOf(call), filename, call.clock.now()));
          return { status: 204 };
        },
      }),
      "GET get": operation({
        access: "user",
        title: "Read a file.",
        errors: "text",
        parameters: z.object({ filename }),
        run: async (call, { filename }) => {
          const { content } = await matching(model, readFile(call.db, callerOf(call), filename));
          return { bytes: content, type: binary };
        },
      }),
      "GET get_by_key": operation({
        access: "none",
        title: "Read a file by its key, whosever it is.",
        errors: "text",
        parameters: z.object({ key: text("Key of the file.", 100) }),
        run: async ({ db }, { key }) => ({ bytes: await matching(model, readFileByKey(db, key)), type: binary }),
      }),
    },
  },
  {
    handler: "FileHandler",
    path: "files/{filename*}/",
    doc: "Manage one of your files.",
    operations: {
      GET: operation({
        access: "user",
        title: "Read a file with its content in base64.",
        parameters: z.object({}),
        run: async (call) => {
          const file = await fileOf(call);
          // Clients of Launchpad's bug 1123986 tell a missing file from a missing API by this header.
          if (file === null)
            return { status: 404, text: `No ${model} matches the given query.`, headers: { Workaround: "bug1123986" } };
          return { json: { ...render(file), content: file.content.toString("base64") } };
        },
      }),
      DELETE: operation({
        access: "user",
        title: "Delete a file.",
        parameters: z.object({}),
        run: async (call) => {
          const name = call.path["filename"] ?? "";
          await matching(model, deleteFile(call.db, callerOf(call), name, call.clock.now()));
          return { status: 204 };
        },
      }),
    },
  },
];
