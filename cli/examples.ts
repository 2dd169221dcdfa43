/** What people type, below the help of the commands it is typed with. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  up: [
    "rackwright up --interface eth1 --dhcp 10.0.0.0/24=10.0.0.100-10.0.0.200",
    "rackwright up --state /srv/rackwright --port 8080 --tls",
  ],
  demo: ["rackwright demo --once", "rackwright demo --machines 3 --firmware uefi"],
  "lab up": ["rackwright lab up --name rehearsal --machines 2", "rackwright up --lab rehearsal"],
  machines: [
    "rackwright machines list --filter 'status:ready cpu>=8'",
    "rackwright machines allocate --cpus 8 --memory 64G",
    "rackwright machines deploy quiet-heron --image debian-12 --wait",
    "rackwright machines release quiet-heron --erase",
  ],
  "machines list": [
    "rackwright machines list --status ready,allocated",
    "rackwright machines list --filter 'status:ready cpu>=8 not tag:gpu' --json",
  ],
  "machines create": [
    "rackwright machines create --mac 52:54:00:12:34:56 --hostname quiet-heron --power-driver ipmi --power power_address=10.0.1.7 --power power_user=admin --power power_pass=secret",
    "rackwright machines create --mac 52:54:00:12:34:56 --power-driver manual --zone lab",
  ],
  "machines commission": [
    "rackwright machines commission quiet-heron --wait",
    "rackwright machines commission --filter status:new --tests none",
  ],
  "machines test": ["rackwright machines test quiet-heron --tests smartctl-long,memtester --wait"],
  "machines allocate": [
    "rackwright machines allocate --cpus 8 --memory 64G --zone rack-1 --not-tags gpu",
    "rackwright machines allocate --storage 'root:100(ssd)' --storage data:1000 --subnets 10.0.0.0/24",
    "rackwright machines allocate --pool lab --dry-run",
  ],
  "machines deploy": [
    "rackwright machines deploy quiet-heron --image debian-12 --user-data setup.yaml --wait",
    "rackwright machines deploy --filter 'status:allocated pool:lab' --memory",
  ],
  "machines release": ["rackwright machines release quiet-heron --quick-erase --comment 'done with it' --wait"],
  "machines power": ["rackwright machines power query quiet-heron", "rackwright machines power off --filter zone:lab"],
  "machines tag": ["rackwright machines tag quiet-heron --tags gpu,ssd"],
  "machines set-zone": ["rackwright machines set-zone --filter hostname:r1-* --to rack-1"],
  "machines results": [
    "rackwright machines results quiet-heron --type testing",
    "rackwright machines results quiet-heron --output smartctl-validate --follow",
  ],
  "machines interfaces create": [
    "rackwright machines interfaces create quiet-heron --type bond --name bond0 --parents eth0,eth1 --bond-mode 802.3ad",
    "rackwright machines interfaces create quiet-heron --type vlan --parents bond0 --vlan fabric-0:20",
  ],
  "machines interfaces links create": [
    "rackwright machines interfaces links create quiet-heron eth0 --mode static --subnet 10.0.0.0/24 --address 10.0.0.7",
  ],
  "machines storage layout": [
    "rackwright machines storage layout quiet-heron --layout lvm --root-size 100G",
    "rackwright machines storage layout quiet-heron --layout flat --dry-run",
  ],
  explain: ["rackwright explain quiet-heron"],
  events: [
    "rackwright events --follow --machine quiet-heron",
    "rackwright events --audit --since 7d --actor alice",
    "rackwright events --level error --since 2h --json",
  ],
  "boot explain": [
    "rackwright boot explain quiet-heron",
    "rackwright boot explain --mac 52:54:00:12:34:56 --arch x86_64-efi",
  ],
  failures: ["rackwright failures bmc-auth"],
  export: ["rackwright export zones pools tags"],
  diff: ["rackwright diff -f site.yaml"],
  apply: ["rackwright apply -f site.yaml --prune"],
  "import maas": ["rackwright import maas --url http://10.0.0.1:5240/MAAS --api-key KEY --apply"],
  "tags create": [
    "rackwright tags create gpu --comment 'has a graphics card'",
    "rackwright tags create large --filter 'cpu>=64 memory>=256G'",
  ],
  "subnets create": [
    "rackwright subnets create 10.0.0.0/24 --gateway 10.0.0.1 --dns 10.0.0.1 --range 10.0.0.100-10.0.0.200 --dhcp",
  ],
  "vlans create": ["rackwright vlans create --fabric fabric-0 --vid 20 --name storage --space dmz"],
  "vlans update": ["rackwright vlans update fabric-0:20 --mtu 9000 --dhcp true"],
  "ip-ranges create": ["rackwright ip-ranges create --first 10.0.0.10 --last 10.0.0.20 --type reserved"],
  "dns-resources create": ["rackwright dns-resources create --name www --domain lab.example --addresses 10.0.0.50"],
  "dns-resources records create": ["rackwright dns-resources records create www --type TXT --data hello"],
  "devices annotations": ["rackwright devices annotations printer room=2.14 colour=yes"],
  "settings set": ["rackwright settings set release.erase=yes 'deadlines.disk erasing.total=86400'"],
  login: [
    "rackwright login home --url https://10.0.0.1:5240 --username alice --fingerprint AB:CD",
    "rackwright login lab --url http://10.0.0.2:5240 --api-key KEY",
  ],
  createadmin: ["rackwright createadmin --username alice"],
  "users create": ["rackwright users create bob --role operator:lab"],
  "groups create": ["rackwright groups create ops --role operator --role auditor"],
  "ssh-keys add": ["rackwright ssh-keys add ~/.ssh/id_ed25519.pub"],
  "webhooks create": [
    "rackwright webhooks create --webhook-url https://hooks.example.org/rackwright --secret whsec_c2VjcmV0 --types machine.status",
  ],
  completion: ["source <(rackwright completion bash)", "rackwright completion fish | source"],
};

/** Below the list of all commands: how to begin, and what holds for each of them. */
export const closing = `
Getting started:
  rackwright demo                            see it work, on a virtual machine
  rackwright up --help                       choose the networks to serve, then start
  rackwright createadmin --username alice    who may sign in at the page
  rackwright machines list                   machines that were found

Which region: the one on this host, or the one of --url, --profile or 'rackwright login'.
Exit status: 0 done, 1 it failed, 2 not possible as asked, 3 no region answers, 4 the region failed.
'rackwright COMMAND --help' says more of each.`;
