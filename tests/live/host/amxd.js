// Opens a frozen .amxd as Live does, by a reader of its own: the patch and the files that lie in it.
import fs from "node:fs";

/** {patcher, files}: the patch's "patcher" object, and the bytes of each embedded file by its name. */
export function open_amxd(path) {
  const bytes = fs.readFileSync(path);
  const chunks = {};
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32LE(at + 4);
    chunks[bytes.toString("latin1", at, at + 4)] = bytes.subarray(at + 8, at + 8 + size);
    at += 8 + size;
  }
  if (!chunks.ampf || chunks.ampf.toString("latin1") !== "aaaa") throw new Error(`${path} is no audio effect`);
  if (!chunks.ptch || chunks.ptch.toString("latin1", 0, 4) !== "mx@c") throw new Error(`${path} is not frozen`);
  const entries = directory(chunks.ptch);
  const first = entries.find((entry) => entry.flag === 0x11);
  const text = first.bytes.subarray(0, first.bytes.indexOf(0)).toString("utf8");
  const files = new Map(entries.filter((entry) => entry !== first).map((entry) => [entry.fnam, entry.bytes]));
  return { patcher: JSON.parse(text).patcher, files };
}

function directory(collective) {
  const start = Number(collective.readBigUInt64BE(8));
  if (collective.toString("latin1", start, start + 4) !== "dlst") throw new Error("the .amxd's directory is not there");
  const end = start + collective.readUInt32BE(start + 4);
  const entries = [];
  for (let at = start + 8; at < end; ) {
    const size = collective.readUInt32BE(at + 4);
    entries.push(entry(collective, at + 8, at + size));
    at += size;
  }
  return entries;
}

function entry(collective, from, to) {
  const found = {};
  for (let at = from; at < to; ) {
    const size = collective.readUInt32BE(at + 4);
    found[collective.toString("latin1", at, at + 4)] = collective.subarray(at + 8, at + size);
    at += size;
  }
  const [size, offset] = [found.sz32.readUInt32BE(), found.of32.readUInt32BE()];
  const fnam = found.fnam.subarray(0, found.fnam.indexOf(0)).toString("utf8");
  return { fnam, flag: found.flag.readUInt32BE(), bytes: collective.subarray(offset, offset + size) };
}
