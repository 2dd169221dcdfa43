"""The nouns of python-libmaas, each made, read, changed and deleted where it can be."""

import json
import sys

from maas.client import connect
from maas.client.bones import CallError

url, key = sys.argv[1:]
client = connect(url, apikey=key)


def tell(**what):
    print(json.dumps(what), flush=True)


tell(whoami=client.users.whoami().username, capabilities="network-deployment-ubuntu" in client.version.get().capabilities)

zone = client.zones.create("lab-1", description="first")
zone.description = "second"
zone.save()
tell(zone=[client.zones.get("lab-1").description, sorted(z.name for z in client.zones.list())])
pool = client.resource_pools.create("team", description="theirs")
pool.name = "crew"
pool.save()
tell(pool=client.resource_pools.get(pool.id).name)

tag = client.tags.create("gpu", comment="has a card")
tell(tag=client.tags.get("gpu").comment, definition=tag.definition)

fabric = client.fabrics.create(name="hall")
vlan = fabric.vlans.create(vid=20, name="blue", mtu=9000)
tell(fabric=fabric.name, default_vlan=client.fabrics.get(fabric.id).vlans.get_default().vid, vlan=[vlan.vid, vlan.mtu])
space = client.spaces.create(name="dmz")
vlan.space = space
vlan.save()
subnet = client.subnets.create(cidr="192.0.2.0/24", vlan=vlan, name="blue-net", gateway_ip="192.0.2.1", dns_servers=["192.0.2.2"])
tell(subnet=[subnet.cidr, subnet.gateway_ip, subnet.vlan.vid, subnet.space])
ip_range = client.ip_ranges.create("192.0.2.100", "192.0.2.150", subnet=subnet, comment="kept")
tell(ip_range=[ip_range.start_ip, ip_range.type.value])
other = client.subnets.create(cidr="198.51.100.0/24", vlan=vlan)
route = client.static_routes.create(destination=other, source=subnet, gateway_ip="192.0.2.9", metric=10)
tell(route=[route.gateway_ip, route.destination.cidr])
route.delete()
ip_range.delete()

device = client.devices.create(["52:54:00:12:34:56"])
tell(device=[device.hostname != "", [i.mac_address for i in device.interfaces]])
device.delete()

machine = client.machines.create("amd64", ["52:54:00:12:34:57"], "manual")
tell(machine=[machine.status.name, machine.architecture, machine.power_type])
machine.abort(comment="only to be looked at")
machine.refresh()
[nic] = machine.interfaces
nic.name = "eth7"
nic.save()
bridge = machine.interfaces.create(client.machines.get(machine.system_id).interfaces[0].type.BRIDGE, name="br0", parent=nic)
tell(interfaces=sorted(i.name for i in client.machines.get(machine.system_id).interfaces), bridge=bridge.type.value)
machine.delete()
try:
    client.machines.get(machine.system_id)
except CallError as error:
    tell(gone=error.status)

user = client.users.create("dora", "a password of hers", email="dora@example.com")
tell(user=[user.username, user.is_admin])
key_ = client.ssh_keys.create("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5rLCiGMKmFVPB4i5tQmQHhDYEmzIcXkZ9ZVjUjVmXg dora")
tell(ssh_keys=[k.keysource or "" for k in client.ssh_keys.list()])

tell(name=client.maas.get_name(), upstream_dns=client.maas.get_upstream_dns(), ntp=client.maas.get_ntp_server())
client.maas.set_name("our site")
tell(renamed=client.maas.get_name())
tell(domains=[d.name for d in client.domains.list()], boot_sources=len(list(client.boot_sources.list())))
tell(boot_resources=len(list(client.boot_resources.list())), controllers=len(list(client.rack_controllers.list())))
tell(events=len(list(client.events.query(limit=5))))
subnet.delete(), other.delete(), vlan.delete(), fabric.delete(), space.delete(), pool.delete(), zone.delete(), tag.delete()
tell(left=sorted(z.name for z in client.zones.list()))
