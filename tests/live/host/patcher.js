// The patch as Max plays it: boxes, cords between them, messages as lists of atoms ["word", 1, 2.5 ...].
import { CONTROL } from "./objects.js";
import { JsBox } from "./js_box.js";
import { UdpReceive, UdpSend } from "./network.js";
import { WIDGETS } from "./widgets.js";

const SILENT = ["plugin~", "plugout~"];
const NAMED = { udpsend: UdpSend, udpreceive: UdpReceive, js: JsBox };

/** The atoms of a box's text, numbers as numbers. */
export function atoms(text) {
  return (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => {
    const plain = word.replace(/^"(.*)"$/, "$1");
    return /^-?\d+(\.\d*)?$/.test(plain) ? Number(plain) : plain;
  });
}

export class Box {
  constructor(device, spec) {
    this.device = device;
    this.host = device.host;
    this.spec = spec;
    this.maxclass = spec.maxclass;
    this.varname = spec.varname ?? "";
    this.hidden = spec.hidden ?? 0;
    this.cords = [];
  }

  /** Gives the box what it does; of an unknown object an error, as in Max. */
  begin() {
    const { maxclass, text = "" } = this.spec;
    if (maxclass === "newobj") {
      const [name, ...given] = atoms(text);
      if (SILENT.includes(name)) this.plays = { receive() {} };
      else if (NAMED[name]) this.plays = new NAMED[name](this, given);
      else if (CONTROL[name]) this.plays = CONTROL[name](this, given);
      else this.host.error(this.device, `${name}: No such object`);
    } else if (maxclass === "jsui") this.plays = new JsBox(this, [this.spec.filename]);
    else if (maxclass === "message") this.plays = CONTROL.message(this, text);
    else if (WIDGETS[maxclass]) this.plays = WIDGETS[maxclass](this);
    else this.host.error(this.device, `${maxclass}: No such object`);
  }

  receive(inlet, message) {
    if (inlet >= (this.spec.numinlets ?? 1)) throw new Error(`${this.spec.id} has no inlet ${inlet}`);
    if (this.plays) this.plays.receive(inlet, message);
  }

  /** Sends a message along the cords of an outlet, to the box furthest right first, as Max does. */
  out(outlet, message) {
    for (const { to, inlet } of this.cords[outlet] ?? []) to.receive(inlet, message);
  }
}

/** The boxes of a patch, joined; by id. */
export function patch_up(device, patcher) {
  const boxes = new Map(patcher.boxes.map(({ box }) => [box.id, new Box(device, box)]));
  for (const { patchline } of patcher.lines) {
    const [from, outlet] = patchline.source;
    const [to, inlet] = patchline.destination;
    if (!boxes.has(from) || !boxes.has(to)) throw new Error(`a cord from ${from} to ${to} has no box`);
    (boxes.get(from).cords[outlet] ??= []).push({ to: boxes.get(to), inlet });
  }
  const place = ({ to }) => to.spec.patching_rect;
  for (const box of boxes.values()) {
    for (const cords of box.cords) {
      if (cords) cords.sort((a, b) => place(b)[0] - place(a)[0] || place(b)[1] - place(a)[1]);
    }
  }
  return boxes;
}
