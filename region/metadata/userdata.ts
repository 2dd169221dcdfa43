import type { Credentials } from "@rackwright/contract";

export type AgentStart = {
  /** `http://10.0.0.1:5248` */
  rack: string;
  mode: "enlist" | "task";
  machineId: string | null;
  credentials: Credentials | null;
  /** SHA-256 of the newest agent; null: start the one in the image. */
  bundle: string | null;
};

/** A file only the running agent's user data makes: cloud-init then leaves the machine on. */
export const stayFile = "/run/rackwright/stay";

/** Text for between single quotes of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * The user data of the ephemeral system: a shell script that leaves the agent's settings, brings the agent up to date
 * and runs it. The agent ends the machine's life itself; when it cannot even start, the script reports that.
 */
export function agentScript(start: AgentStart): string {
  const settings = {
    rack: start.rack,
    mode: start.mode,
    system_id: start.machineId,
    credentials: start.credentials,
  };
  return `#!/bin/sh
# Starts Rackwright's agent.
umask 077
mkdir -p /run/rackwright
cat >/run/rackwright/agent.json <<'END-OF-SETTINGS'
${JSON.stringify(settings)}
END-OF-SETTINGS
agent=/usr/lib/rackwright/agent.mjs
${start.bundle === null ? "" : update(start.rack, start.bundle)}say() { echo "rackwright: $*" >/dev/console 2>/dev/null || echo "rackwright: $*"; }
/usr/lib/rackwright/node "$agent"
status=$?
if [ "$status" -eq 0 ]; then
	: >${stayFile}
	exit 0
fi
oom=$(dmesg 2>/dev/null | grep -i "out of memory" | tail -n 1)
say "the agent ended with status $status\${oom:+: $oom}"
${report(start)}exit "$status"
`;
}

function update(rack: string, bundle: string): string {
  return `wanted=${bundle}
holds() { [ "$(sha256sum <"$1" 2>/dev/null)" = "$wanted  -" ]; }
if ! holds "$agent"; then
	new=/run/rackwright/agent.mjs
	curl -fsS --retry 10 --retry-connrefused --max-time 120 -o "$new" ${quoted(`${rack}/agent/v1/bundle`)} &&
		holds "$new" && agent="$new"
fi
`;
}

function report({ rack, credentials }: AgentStart): string {
  if (credentials === null) return "";
  const { consumer_key, token_key, token_secret } = credentials;
  const header =
    `Authorization: OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", ` +
    `oauth_consumer_key="${consumer_key}", oauth_token="${token_key}", oauth_signature="%26${token_secret}"`;
  // The header comes from a file of its own: arguments of programs can be read by everyone.
  return `cat >/run/rackwright/authorization <<'END-OF-HEADER'
${header}
END-OF-HEADER
curl -fsS --retry 5 --retry-connrefused --max-time 30 -H @/run/rackwright/authorization \\
	-F op=signal -F status=FAILED -F "error=The agent ended with status $status.\${oom:+ $oom}" \\
	${quoted(`${rack}/MAAS/metadata/latest/`)} >/dev/null
`;
}

/** The user data of a machine that netbooted although nothing is to be done with it. */
export function poweroffScript(): string {
  return `#!/bin/sh
echo "rackwright: nothing is to be done with this machine, powering off" >/dev/console 2>/dev/null
systemctl poweroff --force --force || poweroff -f
`;
}
