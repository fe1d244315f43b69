// OSC as Max's udpsend writes it and udpreceive reads it.

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
const text = (value) => padded(Buffer.from(value, "utf8"));

/** The packet of a message [address, ...atoms] as udpsend makes it: what a symbol holds may leave as a number. */
export function encode_as_max([address, ...atoms]) {
  return encode([address, ...atoms.map((atom) => (/^-?\d{1,9}$/.test(atom) ? Number(atom) : atom))]);
}

/** The packet of a message [address, ...atoms]; whole numbers leave as `i`, others as `f`. */
export function encode([address, ...atoms]) {
  let tags = ",";
  const parts = [];
  for (const atom of atoms) {
    const bytes = Buffer.alloc(4);
    if (typeof atom === "string") {
      tags += "s";
      parts.push(text(atom));
    } else if (Number.isInteger(atom) && Math.abs(atom) < 2 ** 31) {
      tags += "i";
      bytes.writeInt32BE(atom);
      parts.push(bytes);
    } else {
      tags += "f";
      bytes.writeFloatBE(atom);
      parts.push(bytes);
    }
  }
  return Buffer.concat([text(String(address)), text(tags), ...parts]);
}

/** The messages of a packet, [address, ...atoms] each; bundles are taken apart. Throws where it is no OSC. */
export function decode(bytes) {
  if (bytes.toString("latin1", 0, 7) === "#bundle") {
    const messages = [];
    for (let at = 16; at < bytes.length; ) {
      const size = bytes.readInt32BE(at);
      messages.push(...decode(bytes.subarray(at + 4, at + 4 + size)));
      at += 4 + size;
    }
    return messages;
  }
  let at = 0;
  const string = () => {
    const end = bytes.indexOf(0, at);
    if (end < 0) throw new Error("no OSC");
    const value = bytes.toString("utf8", at, end);
    at = end + 4 - (end % 4);
    return value;
  };
  const address = string();
  if (!address.startsWith("/")) throw new Error("no OSC");
  const message = [address];
  for (const tag of at < bytes.length ? string().slice(1) : "") {
    if (tag === "i") message.push(bytes.readInt32BE(at));
    else if (tag === "f") message.push(bytes.readFloatBE(at));
    else if (tag === "s") {
      message.push(string());
      continue;
    } else throw new Error(`udpreceive knows no type ${tag}`);
    at += 4;
  }
  return [message];
}
