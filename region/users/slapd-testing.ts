import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { selfSigned } from "../tls/self-signed.ts";

/** An OpenLDAP server of its own, in the foreground, on free ports of this host. */
export type Slapd = { ldap: string; ldaps: string; ca: string; stop: () => Promise<void> };

const entry = (dn: string, ...lines: string[]) => [`dn: ${dn}`, ...lines, ""].join("\n");
const person = (uid: string, name: string, password: string) =>
  entry(
    `uid=${uid},ou=people,dc=example,dc=org`,
    "objectClass: inetOrgPerson",
    `cn: ${name}`,
    `sn: ${name}`,
    `mail: ${uid.toLowerCase()}@example.org`,
    `userPassword: ${password}`,
  );
const group = (name: string, ...uids: string[]) =>
  entry(
    `cn=${name},ou=groups,dc=example,dc=org`,
    "objectClass: groupOfNames",
    ...uids.map((uid) => `member: uid=${uid},ou=people,dc=example,dc=org`),
  );

/** The directory: Anna (racks, admins), bert (racks), two cards of the same mail, a reader to search by. */
const directory = [
  entry("dc=example,dc=org", "objectClass: organization", "objectClass: dcObject", "o: Example", "dc: example"),
  entry("ou=people,dc=example,dc=org", "objectClass: organizationalUnit", "ou: people"),
  entry("ou=groups,dc=example,dc=org", "objectClass: organizationalUnit", "ou: groups"),
  entry(
    "cn=reader,dc=example,dc=org",
    "objectClass: organizationalRole",
    "objectClass: simpleSecurityObject",
    "cn: reader",
    "userPassword: reading",
  ),
  person("Anna", "Anna Arendt", "battery staple"),
  person("bert", "Bert Brecht", "correct horse"),
  person("star*(x)", "Odd One", "odd password"),
  group("racks", "Anna", "bert"),
  group("admins", "Anna"),
].join("\n");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts it in a folder, filled. Its programs come with Debian's package slapd. */
export async function startSlapd(folder: string): Promise<Slapd> {
  const { certificate, key } = selfSigned(["localhost", "127.0.0.1"], {
    from: new Date(Date.now() - 3_600_000),
    to: new Date(Date.now() + 86_400_000),
  });
  const data = join(folder, "data");
  await mkdir(data, { recursive: true });
  const path = (name: string) => join(folder, name);
  await writeFile(path("tls.crt"), certificate);
  await writeFile(path("tls.key"), key);
  await writeFile(path("data.ldif"), directory);
  await writeFile(
    path("slapd.conf"),
    [
      ...["core", "cosine", "inetorgperson"].map((name) => `include /etc/ldap/schema/${name}.schema`),
      "modulepath /usr/lib/ldap",
      "moduleload back_mdb",
      `TLSCertificateFile ${path("tls.crt")}`,
      `TLSCertificateKeyFile ${path("tls.key")}`,
      `TLSCACertificateFile ${path("tls.crt")}`,
      "disallow bind_anon",
      "database mdb",
      "maxsize 16777216",
      'suffix "dc=example,dc=org"',
      `directory ${data}`,
      // Passwords are for binding only; who binds may read the rest.
      "access to attrs=userPassword by anonymous auth by * none",
      "access to * by users read by * none",
      "",
    ].join("\n"),
  );
  await promisify(execFile)("slapadd", ["-f", path("slapd.conf"), "-l", path("data.ldif")], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  const [plain, secure] = [await freePort(), await freePort()];
  const urls = `ldap://127.0.0.1:${plain} ldaps://127.0.0.1:${secure}`;
  const server = spawn("/usr/sbin/slapd", ["-f", path("slapd.conf"), "-h", urls, "-d", "0"], { stdio: "ignore" });
  await answers(server, plain);
  return {
    ldap: `ldap://127.0.0.1:${plain}`,
    ldaps: `ldaps://127.0.0.1:${secure}`,
    ca: certificate,
    stop: async () => {
      if (server.exitCode !== null) return;
      server.kill("SIGTERM");
      await once(server, "exit");
    },
  };
}

async function answers(server: ChildProcess, port: number): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (server.exitCode !== null) throw new Error(`slapd ended with ${server.exitCode}`);
    const socket = connect(port, "127.0.0.1");
    const up = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (up) return;
    await sleep(50);
  }
  throw new Error("slapd did not come up");
}
