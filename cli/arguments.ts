/** What is named by an argument, for the help of commands that do not say it themselves: by the command, or in all. */
const meanings: Readonly<Record<string, string>> = {
  action: "what its BMC shall do",
  code: "of a cause, as machines and 'rackwright explain' tell it; left out: all",
  file: "path of the file",
  from: "gh:NAME or lp:NAME",
  key: "id of the key, as 'rackwright users keys' shows it",
  kind: "such as zones, pools or tags; left out: all",
  machine: "hostname, system id or MAC address",
  machines: "hostnames, system ids or MAC addresses",
  name: "its name",
  names: "images such as debian-12; left out: all",
  network: "such as 10.0.0.0/24, or its name or id",
  "new-name": "name of the copy",
  profile: "a name of your own for the region",
  result: "name of the script, or number of the result",
  shell: "the shell it is for",
  source: "machine to take it from: hostname, system id or MAC address",
  tag: "name of the tag",
  use: "profile that commands speak to from now on",
  username: "name to sign in with",
  words: "what is typed so far",
  arguments: "as the program itself takes them: see its --help",
  "subnets create network": "such as 10.0.0.0/24",
  "subnets leases network": "such as 10.0.0.0/24, or its name or id; left out: all",
  "boot explain machine": "hostname, system id or MAC address; or give --mac",
  "logout profile": "name of the region; left out: the one in use",
};

/** What an argument of a command names; empty where nothing is known of it. */
export function meaningOf(argument: string, command: string): string {
  const own = `${command} ${argument}`;
  return Object.hasOwn(meanings, own)
    ? (meanings[own] ?? "")
    : Object.hasOwn(meanings, argument)
      ? (meanings[argument] ?? "")
      : "";
}
