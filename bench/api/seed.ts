/** How large the fleet is, and what each machine of it has. */
export type Fleet = { readonly machines: number; readonly events: number };

/** Triggers that would do for each row what `seedSql` does for all at once. */
const quiet = ["machines", "interfaces", "machine_tags", "events"];

/**
 * SQL that fills a database of ours with machines as a site has them after years: an inventory, four network cards with
 * links on ten subnets, four disks with the flat layout on the first, ten of forty tags, and events. Statuses, zones,
 * pools and owners are spread so that every filter finds some and none finds all. The same fleet comes out every time.
 */
export function seedSql({ machines, events }: Fleet): string {
  return `
    ${quiet.map((table) => `alter table ${table} disable trigger user;`).join("\n")}
    insert into zones (name) select 'hall-' || n from generate_series(1, 9) as n;
    insert into pools (name) select 'team-' || n from generate_series(1, 9) as n;
    insert into users (username, password_hash) select 'user-' || n, '!' from generate_series(1, 20) as n;
    insert into grants (user_id, role) select id, 'user' from users where username like 'user-%';
    insert into tags (name) select 'tag-' || n from generate_series(1, 40) as n;
    insert into subnets (cidr, name, vlan_id) select format('10.%s.0.0/16', n)::cidr, format('10.%s.0.0/16', n), 5001
      from generate_series(1, 10) as n;
    create temporary table fleet as select n, lpad(to_hex(n), 6, '0') as id,
      (array['ready', 'deployed', 'deployed', 'deployed', 'allocated', 'broken', 'failed testing', 'new'])[1 + n % 8] as status
      from generate_series(1, ${machines}) as n;
    insert into machines (id, hostname, status, status_since, owner_id, architecture, firmware, power_driver,
        power_parameters, power_state, boot_mac, image, installed, zone_id, pool_id, created_at, inventory)
      select id, 'node-' || lpad(n::text, 6, '0'), status, now() - n * interval '1 minute',
        case when status in ('deployed', 'allocated') then (select id from users where username = 'user-' || 1 + n % 20) end,
        'amd64', 'uefi', 'ipmi', '{"power_address": "10.200.0.1"}', case when n % 3 = 0 then 'off' else 'on' end,
        '52:54:00:' || regexp_replace(lpad(to_hex(n * 4), 6, '0'), '(..)(..)(..)', '\\1:\\2:\\3'),
        case when status = 'deployed' then 'debian-12' end, status = 'deployed',
        (select id from zones where name = 'hall-' || 1 + n % 9), (select id from pools where name = 'team-' || 1 + n % 9),
        now() - interval '400 days' + n * interval '1 second', ${inventory}
      from fleet;
    insert into interfaces (machine_id, name, mac, details, vlan_id, vendor, product, interface_speed, link_speed)
      select id, 'eno' || k, '52:54:00:' || regexp_replace(lpad(to_hex(n * 4 + k), 6, '0'), '(..)(..)(..)', '\\1:\\2:\\3'),
        '{}', 5001, 'Intel Corporation', 'Ethernet Controller X710', 10000, 10000
      from fleet, generate_series(0, 3) as k;
    insert into interface_links (interface_id, mode, subnet_id)
      select interfaces.id, 'auto', (select min(id) from subnets) + interfaces.id % 10 from interfaces;
    insert into block_devices (machine_id, name, size, block_size, model, serial, found, partition_table)
      select id, 'sd' || chr(97 + k), 960197124096, 512, 'SAMSUNG MZ7LH960', 'S4' || n || 'X' || k, true,
        case when k = 0 then 'GPT' end
      from fleet, generate_series(0, 3) as k;
    insert into machine_storage (machine_id, boot_disk_id)
      select machine_id, id from block_devices where name = 'sda';
    insert into partitions (machine_id, device_id, number, size, uuid, bootable)
      select machine_id, id, 1, 959000000000, gen_random_uuid()::text, true from block_devices where name = 'sda';
    insert into filesystems (machine_id, partition_id, fstype, label, uuid, mount_point)
      select machine_id, id, 'ext4', 'root', gen_random_uuid()::text, '/' from partitions;
    insert into machine_tags (tag_id, machine_id)
      select tags.id, fleet.id from fleet, generate_series(0, 9) as k, tags where tags.name = 'tag-' || 1 + (fleet.n + k * 4) % 40;
    insert into events (id, at, type, level, machine_id, actor, message)
      select nextval('events_id'), now() - (${events} - e) * interval '1 hour', 'machine.status', 'info', id, 'region',
        'node-' || n || ': deploying → deployed'
      from generate_series(1, ${events}) as e, fleet;
    ${quiet.map((table) => `alter table ${table} enable trigger user;`).join("\n")}
    vacuum analyze;
  `;
}

/** An inventory of the size real ones have: some 25 kB, so that reading it where it is not needed shows. */
const inventory = `jsonb_build_object(
  'cpu', jsonb_build_object('threads', 8 * (1 + n % 16), 'cores', 4 * (1 + n % 16), 'sockets', 2, 'speed_mhz', 2900,
    'model', 'Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz', 'vendor', 'GenuineIntel', 'flags', '[]'::jsonb),
  'memory', jsonb_build_object('total', 17179869184 * (1 + n % 32), 'modules', '[]'::jsonb),
  'disks', (select jsonb_agg(jsonb_build_object('name', 'sd' || chr(97 + k), 'size', 960197124096)) from generate_series(0, 3) as k),
  'dmi', jsonb_build_object('system_vendor', 'Dell Inc.', 'system_product', 'PowerEdge R' || 640 + n % 4, 'system_serial', 'SN' || n),
  'numa_nodes', '[]'::jsonb,
  'pci', (select jsonb_agg(jsonb_build_object('address', '0000:' || k, 'vendor', 'Intel Corporation', 'product', md5(k::text || n)))
    from generate_series(1, 200) as k))`;
