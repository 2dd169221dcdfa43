-- What lists of machines show of a machine's disks, as text (see region/maas2/storage-text.ts). It is made when a list first
-- needs it and gone with whatever it follows from: thousands of machines are shown at once, and rarely are the disks of one
-- changed.
create table storage_texts (
  machine_id text primary key references machines on delete cascade,
  -- how it is written: another version of the program may write it otherwise
  form integer not null,
  text text not null
) with (toast_tuple_target = 8160);
-- Reading many is what it is for, and unpacking them would be half of that.
alter table storage_texts alter column text set storage external;

create function forget_storage_text() returns trigger language plpgsql as $$
begin
  delete from storage_texts where machine_id = coalesce(new.machine_id, old.machine_id);
  return null;
end
$$;
create trigger forget_storage_text after insert or update or delete on block_devices
  for each row execute function forget_storage_text();
create trigger forget_storage_text after insert or update or delete on partitions
  for each row execute function forget_storage_text();
create trigger forget_storage_text after insert or update or delete on filesystems
  for each row execute function forget_storage_text();
create trigger forget_storage_text after insert or update or delete on storage_groups
  for each row execute function forget_storage_text();
create trigger forget_storage_text after insert or update or delete on storage_cache_sets
  for each row execute function forget_storage_text();
create trigger forget_storage_text after insert or update or delete on machine_storage
  for each row execute function forget_storage_text();

-- How much of a disk can be used follows from how the machine boots.
create function forget_storage_text_of_machine() returns trigger language plpgsql as $$
begin
  delete from storage_texts where machine_id = new.id;
  return null;
end
$$;
create trigger forget_storage_text after update of architecture, firmware on machines for each row
  when (old.architecture is distinct from new.architecture or old.firmware is distinct from new.firmware)
  execute function forget_storage_text_of_machine();

alter table block_devices drop column shown;
drop function block_device_shown;
