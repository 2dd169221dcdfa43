/** What MAAS calls our kinds of events (its event types' descriptions), where it has a word for them. */
const words: Readonly<Record<string, string>> = {
  "machine.enlisted": "New",
  "machine.status": "Node changed status",
  "machine.action": "Node",
  "machine.failed": "Marking node failed",
  "machine.inventory": "Gathering information",
  "machine.deleted": "Node",
  "user.changed": "Authorisation",
  "session.changed": "Authorisation",
  "token.changed": "Authorisation",
  "ssh-key.changed": "Authorisation",
  "setting.changed": "Settings",
  "image.changed": "Images",
  "boot-source.changed": "Boot source",
  "tag.changed": "Tag",
  "subnet.changed": "Networking",
  "zone.changed": "Zones",
  "tftp.request": "TFTP Request",
  "http.request": "HTTP Request",
  "boot.decided": "PXE Request",
  "agent.step": "Node status event",
  "agent.progress": "Node status event",
  "agent.result": "Script result",
  "agent.log": "Node status event",
};

/** An event's type in words: MAAS's where it has one, else ours, such as `Rack connected`. */
export function eventWords(type: string): string {
  const known = words[type];
  if (known !== undefined) return known;
  const text = type.replaceAll(/[.-]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
