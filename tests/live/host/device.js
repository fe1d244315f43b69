// One instance of the device in the set: its patch, its parameters, what it sent and what it shows.
import { MaxDevice } from "./application.js";
import { patch_up } from "./patcher.js";

export class Device {
  /** `made`: {patcher, files} of an .amxd; `track` is the one it lies on. Nothing runs before load(). */
  constructor(host, made, track) {
    this.host = host;
    this.files = made.files;
    this.patcher = made.patcher;
    this.thing = new MaxDevice(host.live, track, "Retone");
    this.parameters = new Map();
    this.scripts = [];
    this.receivers = [];
    this.sent = [];
    this.at_load = [];
    this.at_ready = [];
    this.at_free = [];
    this.ready = false;
    this.removed = false;
  }

  add_parameter(parameter) {
    if (!parameter.attributes.parameter_longname) throw new Error(`a ${parameter.box.maxclass} has no long name`);
    if (this.parameters.has(parameter.name)) throw new Error(`two parameters are called ${parameter.name}`);
    this.parameters.set(parameter.name, parameter);
  }

  /** Loads the patch, with the values that the set keeps; live.thisdevice does not bang yet. */
  load(values) {
    this.boxes = patch_up(this, this.patcher);
    for (const box of this.boxes.values()) box.begin();
    for (const [name, value] of Object.entries(values)) this.parameter(name).restore(value);
    for (const act of this.at_load) act();
    // Parameters tell their values when the set comes back; buttons have none.
    for (const parameter of this.parameters.values()) if (!parameter.is_button) parameter.out();
  }

  /** live.thisdevice bangs: the device is part of the set, and Live can be asked. */
  begin() {
    this.ready = true;
    for (const act of this.at_ready) act();
  }

  parameter(name) {
    const found = this.parameters.get(name);
    if (!found) throw new Error(`no parameter is called ${name}; there are ${[...this.parameters.keys()].join(", ")}`);
    return found;
  }

  /** The box that the script reaches by the word: behind the outlet of a route that has it. */
  told(word) {
    for (const box of this.boxes.values()) {
      const words = (box.spec.text ?? "").split(" ");
      const outlet = words[0] === "route" ? words.indexOf(word) - 1 : -1;
      if (outlet >= 0 && box.cords[outlet]) return box.cords[outlet][0].to;
    }
    throw new Error(`the script reaches no box by ${word}`);
  }

  text(word) {
    return this.told(word).plays.text;
  }

  /** The last number that a display was told, or null. */
  number(word) {
    const heard = this.told(word).plays.heard;
    return heard.length ? heard[heard.length - 1][0] : null;
  }

  visible() {
    const shown = [...this.boxes.values()].filter((box) => box.spec.presentation && !box.hidden);
    return shown.map((box) => box.varname);
  }

  remove() {
    for (const act of this.at_free) act();
    this.host.clock.drain();
    for (const script of this.scripts) script.end();
    this.removed = true;
    this.thing.remove();
  }
}
