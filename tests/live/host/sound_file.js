// What Live reads of a sound file before it makes a clip of it: the rate and the number of frames.
import fs from "node:fs";

/** {rate, frames} of a WAV, AIFF or FLAC file, or null when it is not there or not readable. */
export function read_sound(path) {
  let bytes;
  try {
    bytes = fs.readFileSync(path);
  } catch {
    return null;
  }
  try {
    const tag = bytes.toString("latin1", 0, 4);
    if (tag === "RIFF" && bytes.toString("latin1", 8, 12) === "WAVE") return wav(bytes);
    if (tag === "FORM") return aiff(bytes);
    if (tag === "fLaC") return flac(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

function wav(bytes) {
  let rate = 0;
  let align = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const tag = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (tag === "fmt ") {
      rate = bytes.readUInt32LE(at + 12);
      align = bytes.readUInt16LE(at + 20);
    }
    if (tag === "data") return rate && align ? { rate, frames: Math.floor(held(bytes, at, size) / align) } : null;
    at += 8 + size + (size % 2);
  }
  return null;
}

// A file that was cut short holds less than its header says.
function held(bytes, at, size) {
  return Math.min(size, bytes.length - at - 8);
}

function aiff(bytes) {
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at + 4);
    if (bytes.toString("latin1", at, at + 4) === "COMM") {
      // The rate is an 80 bit float; 64 bits of mantissa, of which the highest 32 are enough.
      const exponent = (bytes.readUInt16BE(at + 16) & 0x7fff) - 16383 - 31;
      return { rate: bytes.readUInt32BE(at + 18) * 2 ** exponent, frames: bytes.readUInt32BE(at + 10) };
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

function flac(bytes) {
  const high = bytes.readUInt32BE(18);
  return { rate: high >>> 12, frames: (bytes.readUInt8(21) & 0xf) * 2 ** 32 + bytes.readUInt32BE(22) };
}
