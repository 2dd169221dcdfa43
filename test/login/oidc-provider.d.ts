declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  type Account = { accountId: string; claims(): Promise<Record<string, unknown>> };
  /** As much of it as the test needs: the package brings no types. */
  export default class OpenidProvider {
    constructor(
      issuer: string,
      configuration: {
        clients: Record<string, unknown>[];
        claims?: Record<string, string[]>;
        scopes?: string[];
        cookies?: { keys: string[] };
        conformIdTokenClaims?: boolean;
        findAccount?: (context: unknown, id: string) => Promise<Account | undefined>;
        pkce?: { required: () => boolean };
      },
    );
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
  }
}
