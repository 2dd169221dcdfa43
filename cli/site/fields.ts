import type { ApiDocument, Operation } from "../api/document.ts";
import { type NounName, nounNames, nounOf } from "./nouns.ts";

/** Fields of a kind of thing: those it is made with and those that can be changed, in the API's names. */
export type Fields = { readonly created: readonly string[]; readonly changed: readonly string[] };

/** The fields of every noun, from the description of the API. */
export function fieldsOf(api: ApiDocument): Record<NounName, Fields> {
  const bodyOf = (method: Operation["method"], path: string): string[] => {
    const found = api.operations.find((one) => one.method === method && one.path === path);
    return found?.body == null ? [] : Object.keys(api.resolve(found.body).properties ?? {});
  };
  const entries = nounNames.map((name): [NounName, Fields] => {
    const { path, address, left = [] } = nounOf(name);
    const kept = (fields: string[]): string[] => fields.filter((field) => !left.includes(field));
    return [name, { created: kept(bodyOf("POST", path)), changed: kept(bodyOf("PATCH", `${path}/{${address}}`)) }];
  });
  return Object.fromEntries(entries) as Record<NounName, Fields>;
}
