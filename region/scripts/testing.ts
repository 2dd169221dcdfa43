/** A shell script with this YAML as its header. */
export function testScript(yaml: string, body = "echo done"): string {
  const lines = yaml
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `# ${line}\n`);
  return (
    `#!/bin/sh\n# --- Start MAAS 1.0 script metadata ---\n${lines.join("")}` +
    `# --- End MAAS 1.0 script metadata ---\n${body}\n`
  );
}
