import { type IncomingHttpHeaders, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { text } from "node:stream/consumers";

type Page = { url: string; status: number; headers: IncomingHttpHeaders; body: string };

/** As much of a browser as a log-in needs: cookies by host and path, redirects, forms. */
export class Browser {
  readonly #cookies = new Map<string, { value: string; path: string; host: string; attributes: string }>();
  readonly #ca: string;

  constructor(ca: string) {
    this.#ca = ca;
  }

  /** Asks once; a redirect is not followed. */
  async ask(url: string, form?: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    const target = new URL(url);
    const cookie = [...this.#cookies.entries()]
      .filter(([, { host, path }]) => host === target.host && target.pathname.startsWith(path))
      .map(([key, { value }]) => `${key.split(" ")[1]}=${value}`)
      .join("; ");
    const body = form === undefined ? undefined : new URLSearchParams(form).toString();
    const request = (target.protocol === "https:" ? secureRequest : plainRequest)(target, {
      method: form === undefined ? "GET" : "POST",
      ca: this.#ca,
      agent: false,
      headers: {
        ...(cookie && { cookie }),
        ...(body !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
        ...headers,
      },
    });
    return new Promise((resolve, reject) => {
      request.on("error", reject);
      request.on("response", (response) => {
        for (const line of response.headers["set-cookie"] ?? []) this.#keep(target, line);
        text(response).then(
          (answer) => resolve({ url, status: response.statusCode ?? 0, headers: response.headers, body: answer }),
          reject,
        );
      });
      request.end(body);
    });
  }

  /** Goes where redirects lead, until `until` or a page. */
  async go(url: string, form?: Record<string, string>, until = /^$/): Promise<Page> {
    let page = await this.ask(url, form);
    for (let hops = 0; page.status >= 300 && page.status < 400 && hops < 20; hops++) {
      const next = new URL(page.headers.location ?? "", page.url).href;
      if (until.test(next)) return { ...page, url: next };
      page = await this.ask(next);
    }
    return page;
  }

  /** Fills in the form of a page, with what it hides, and sends it. */
  async submit(page: Page, values: Record<string, string>, until?: RegExp): Promise<Page> {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.body)?.[1];
    if (action === undefined) throw new Error(`no form on ${page.url}: ${page.status} ${page.body.slice(0, 500)}`);
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const fields = Object.fromEntries(hidden.map(([, name = "", value = ""]) => [name, value]));
    return this.go(new URL(action, page.url).href, { ...fields, ...values }, until);
  }

  /** The cookie of a name, with its attributes. */
  cookie(name: string): { value: string; attributes: string } | undefined {
    return [...this.#cookies.entries()].find(([key]) => key.split(" ")[1] === name)?.[1];
  }

  #keep({ host }: URL, line: string): void {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const [name = "", ...value] = pair.split("=");
    const path = attributes.find((part) => /^path=/i.test(part))?.slice("path=".length) ?? "/";
    this.#cookies.set(`${host}${path} ${name}`, {
      value: value.join("="),
      path,
      host,
      attributes: attributes.join("; "),
    });
  }
}
