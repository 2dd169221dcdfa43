import type { Problem } from "@rackwright/contract";

/** Headers of pages that stand between a provider and ours: they load nothing and tell nobody where they were. */
export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
  "referrer-policy": "no-referrer",
} as const;

/**
 * A page that goes on to a path of ours at once. The session's cookie is not sent along when another site leads here; from
 * a page of ours it is.
 */
export const onwardPage = (path: string): string =>
  `<!doctype html><meta http-equiv="refresh" content="0;url=${escapeHtml(path)}"><title>Logged in</title>`;

/** A page for a person whose log-in failed: why, what to do, and the way back. */
export function refusalPage({ title, detail, next = "" }: Problem): string {
  return `<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 34rem; margin: 12vh auto; padding: 0 1rem }
</style>
<h1>You were not logged in</h1>
<p role="alert">${escapeHtml(detail)}</p>
<p>${escapeHtml(next)}</p>
<p><a href="/">Back to the log-in page</a></p>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
