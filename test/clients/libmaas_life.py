"""One machine through allocation, deployment and release, as a user of python-libmaas writes it."""

import json
import sys

from maas.client import connect
from maas.client.enum import NodeStatus

url, key, hostname = sys.argv[1:]


def tell(**what):
    print(json.dumps(what), flush=True)


client = connect(url, apikey=key)
tell(version=client.version.get().version)
[found] = [machine for machine in client.machines.list() if machine.hostname == hostname]
tell(found=found.system_id, status=found.status.name, cpus=found.cpus, memory=found.memory)

machine = client.machines.allocate(hostname=hostname, comment="for a test")
tell(allocated=machine.status.name, owner=machine.owner.username)
machine.deploy(distro_series="debian/12", comment="deployed by a client", wait=True, wait_interval=5)
tell(deployed=machine.status.name, osystem=machine.osystem, addresses=list(machine.ip_addresses))
events = client.events.query(system_ids=[machine.system_id], limit=10)
tell(events=[event.description for event in events][:3])
machine.release(comment="no longer wanted", wait=True, wait_interval=5)
machine.refresh()
tell(released=machine.status.name, ready=machine.status == NodeStatus.READY)
