import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { installedSeed } from "./seed.ts";
import { agentScript, poweroffScript } from "./userdata.ts";

const credentials = { consumer_key: "ck", token_key: "tk", token_secret: "ts" };
const task = {
  rack: "http://10.0.0.1:5248",
  mode: "task",
  machineId: "abc123",
  credentials,
  bundle: "0".repeat(64),
} as const;

describe("user data of the ephemeral system", () => {
  it("is this script", () => {
    assert.equal(
      agentScript(task),
      `#!/bin/sh
# Starts Rackwright's agent.
umask 077
mkdir -p /run/rackwright
cat >/run/rackwright/agent.json <<'END-OF-SETTINGS'
{"rack":"http://10.0.0.1:5248","mode":"task","system_id":"abc123","credentials":{"consumer_key":"ck","token_key":"tk","token_secret":"ts"}}
END-OF-SETTINGS
agent=/usr/lib/rackwright/agent.mjs
wanted=0000000000000000000000000000000000000000000000000000000000000000
holds() { [ "$(sha256sum <"$1" 2>/dev/null)" = "$wanted  -" ]; }
if ! holds "$agent"; then
	new=/run/rackwright/agent.mjs
	curl -fsS --retry 10 --retry-connrefused --max-time 120 -o "$new" 'http://10.0.0.1:5248/agent/v1/bundle' &&
		holds "$new" && agent="$new"
fi
say() { echo "rackwright: $*" >/dev/console 2>/dev/null || echo "rackwright: $*"; }
/usr/lib/rackwright/node "$agent"
status=$?
if [ "$status" -eq 0 ]; then
	: >/run/rackwright/stay
	exit 0
fi
oom=$(dmesg 2>/dev/null | grep -i "out of memory" | tail -n 1)
say "the agent ended with status $status\${oom:+: $oom}"
cat >/run/rackwright/authorization <<'END-OF-HEADER'
Authorization: OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="ck", oauth_token="tk", oauth_signature="%26ts"
END-OF-HEADER
curl -fsS --retry 5 --retry-connrefused --max-time 30 -H @/run/rackwright/authorization \\
	-F op=signal -F status=FAILED -F "error=The agent ended with status $status.\${oom:+ $oom}" \\
	'http://10.0.0.1:5248/MAAS/metadata/latest/' >/dev/null
exit "$status"
`,
    );
  });

  it("is a script every shell takes", () => {
    const enlisting = { ...task, mode: "enlist", machineId: null, credentials: null } as const;
    for (const script of [agentScript(task), agentScript({ ...enlisting, bundle: null }), poweroffScript()]) {
      const checked = spawnSync("/bin/sh", ["-n"], { input: script, encoding: "utf8" });
      assert.equal(checked.stderr, "");
      assert.equal(checked.status, 0);
    }
    assert.doesNotMatch(agentScript(enlisting), /Authorization|signal/);
  });

  describe("run by a shell", () => {
    let folder: string;
    const asked: string[] = [];
    const fetched = `#!/bin/sh\necho "new agent" >>"$ROOT/ran"\n`;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        asked.push(
          `${request.method} ${request.url} ${request.headers.authorization ?? ""} ${body.replaceAll(/\s+/g, " ")}`,
        );
        response.end(request.url === "/agent/v1/bundle" ? fetched : "OK");
      });
    });
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "rackwright-userdata-"));
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    });
    after(async () => {
      server.close();
      await rm(folder, { recursive: true });
    });

    /** Runs the script with its absolute paths moved below a scratch folder, `node` being a shell. */
    async function run(name: string, installed: string, bundle: string | null) {
      const root = join(folder, name);
      await mkdir(join(root, "lib"), { recursive: true });
      await writeFile(join(root, "lib/agent.mjs"), installed);
      await writeFile(join(root, "lib/node"), '#!/bin/sh\nexec /bin/sh "$1"\n');
      await chmod(join(root, "lib/node"), 0o755);
      const rack = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const script = agentScript({ ...task, rack, bundle })
        .replaceAll("/usr/lib/rackwright", join(root, "lib"))
        .replaceAll("/run/rackwright", join(root, "run"))
        .replaceAll("/dev/console", "/dev/null");
      const { spawn } = await import("node:child_process");
      const child = spawn("/bin/sh", [], { env: { ...process.env, ROOT: root }, stdio: ["pipe", "pipe", "pipe"] });
      child.stdin.end(script);
      const status = await new Promise<number | null>((resolve) => void child.on("close", resolve));
      const exists = (path: string): Promise<boolean> =>
        stat(join(root, path)).then(
          () => true,
          () => false,
        );
      return {
        root,
        status,
        ran: await readFile(join(root, "ran"), "utf8").catch(() => ""),
        stay: await exists("run/stay"),
      };
    }
    const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
    const old = `#!/bin/sh\necho "old agent" >>"$ROOT/ran"\n`;

    it("fetches the agent only when the image has another one", async () => {
      const same = await run("same", old, digest(old));
      assert.deepEqual([same.ran, same.status, same.stay, asked], ["old agent\n", 0, true, []]);
      const { mode } = await stat(join(same.root, "run/agent.json"));
      assert.equal(mode & 0o777, 0o600);
      const newer = await run("newer", old, digest(fetched));
      assert.equal(newer.ran, "new agent\n");
      assert.deepEqual(asked.splice(0), ["GET /agent/v1/bundle  "]);
    });

    it("keeps the agent of the image when what came is damaged, or none is offered", async () => {
      assert.equal((await run("damaged", old, digest("something else"))).ran, "old agent\n");
      assert.equal((await run("none", old, null)).ran, "old agent\n");
      asked.length = 0;
    });

    it("reports an agent that cannot run", async () => {
      const broken = await run("broken", "exit 7\n", null);
      assert.equal(broken.status, 7);
      assert.equal(broken.stay, false);
      assert.equal(asked.length, 1);
      assert.match(
        asked[0] ?? "",
        /^POST \/MAAS\/metadata\/latest\/ OAuth .*oauth_signature="%26ts" .*name="status" FAILED/,
      );
      assert.match(asked[0] ?? "", /The agent ended with status 7\./);
    });
  });
});

describe("seed of the installed system", () => {
  const seed = installedSeed({ rack: "http://10.0.0.1:5248", machineId: "abc123", credentials });

  it("is this file, for root's eyes only", () => {
    assert.deepEqual(
      seed.map(({ path, permissions }) => [path, permissions]),
      [
        ["/etc/cloud/cloud.cfg.d/90_rackwright_datasource.cfg", "0600"],
        ["/etc/cloud/cloud.cfg.d/91_rackwright_datasource_list.cfg", "0644"],
      ],
    );
    assert.deepEqual(JSON.parse(seed[0]?.content ?? ""), {
      datasource_list: ["MAAS"],
      manage_etc_hosts: true,
      datasource: {
        MAAS: {
          metadata_url: "http://10.0.0.1:5248/MAAS/metadata/",
          consumer_key: "ck",
          token_key: "tk",
          token_secret: "ts",
        },
      },
      reporting: {
        rackwright: {
          type: "webhook",
          endpoint: "http://10.0.0.1:5248/MAAS/metadata/status/abc123",
          consumer_key: "ck",
          token_key: "tk",
          token_secret: "ts",
        },
      },
    });
  });

  it("is YAML to PyYAML as well", () => {
    const read = execFileSync(
      "/usr/bin/python3",
      ["-c", "import json,sys,yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"],
      {
        input: seed[0]?.content ?? "",
        encoding: "utf8",
      },
    );
    assert.deepEqual(JSON.parse(read), JSON.parse(seed[0]?.content ?? ""));
  });
});
