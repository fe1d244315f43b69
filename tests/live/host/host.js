// Live with Max in it, as one: the set, the devices in it, the network, the console. Python drives it by commands.
import { Application } from "./application.js";
import { open_amxd } from "./amxd.js";
import { Clock } from "./clock.js";
import { told_of } from "./copies.js";
import { Device } from "./device.js";
import { Network } from "./network.js";
import { encode } from "./osc.js";
import { Thing } from "./thing.js";

export class Host {
  /** `config`: {version, set, clock, edition, new_clips, os, amxd}; see host.py. */
  constructor(config) {
    this.clock = new Clock(config.clock === "real");
    this.network = new Network(this.clock, this);
    this.start_ms = Date.UTC(2026, 0, 1);
    this.os = config.os;
    this.amxd = config.amxd;
    this.dicts = new Map();
    this.console = [];
    this.launched = [];
    this.devices = [];
    this.live = new Application(config, this.clock);
  }

  say(device, text, is_post = false) {
    const kind = is_post ? "post" : "warning";
    this.console.push({ kind, device: this.devices.indexOf(device), text: text.replace(/\n$/, "") });
  }

  error(device, text) {
    this.console.push({ kind: "error", device: this.devices.indexOf(device), text: text.replace(/\n$/, "") });
  }

  named(device, name, [word, ...values]) {
    if (name === "max" && word === "launchbrowser") this.launched.push(values.join(" "));
    else this.error(device, `messnamed: nothing is called ${name}, or it knows no ${word}`);
  }

  thing(path) {
    const thing = this.live.find_any(path);
    if (!thing) throw new Error(`nothing is at ${path}`);
    return thing;
  }

  load({ track, values, begin }) {
    const device = new Device(this, open_amxd(this.amxd), this.thing(track));
    this.devices.push(device);
    device.load(values);
    this.clock.drain();
    if (begin) device.begin();
    return this.devices.length - 1;
  }

  begin({ device }) {
    this.devices[device].begin();
  }

  remove({ device }) {
    this.devices[device].remove();
  }

  type({ device, name, text, enter }) {
    this.touch(device).parameter(name).type(text, enter);
  }

  turn({ device, name, value }) {
    this.touch(device).parameter(name).turn(value);
  }

  press({ device, name }) {
    this.touch(device).parameter(name).press();
  }

  /** A controller moves a parameter: nothing is clicked, the selection stays. */
  control({ device, name, value }) {
    const parameter = this.devices[device].parameter(name);
    if (value === null) parameter.press();
    else parameter.turn(value);
  }

  // Who clicks in the device selects it and its track; Live shows the device then, and no clip.
  touch(at) {
    const device = this.devices[at];
    const view = this.live.song.children.view;
    view.choose("selected_track", device.thing.parent);
    view.choose("detail_clip", null);
    this.clock.drain();
    return device;
  }

  shown({ device, what, name }) {
    return this.devices[device][what](name);
  }

  /** Runs code in the device's script, when its turn comes; gives the value of its last expression. */
  run({ device, code }) {
    const script = this.devices[device].scripts.find((one) => !one.is_display);
    let result = null;
    this.clock.low(() => (result = script.run(() => script.code(code))));
    this.clock.drain();
    return result;
  }

  value({ device, name }) {
    return this.devices[device].parameter(name).value;
  }

  sent({ device, from }) {
    return this.devices[device].sent.slice(from);
  }

  port({ device }) {
    return this.devices[device].receivers[0].port;
  }

  hear({ device, message }) {
    const port = this.port({ device });
    // What JSON cannot say comes as {number: "NaN"}.
    const atoms = message.map((one) => (one !== null && typeof one === "object" ? Number(one.number) : one));
    if (port !== null) this.network.arrive(port, encode(atoms));
  }

  take_port({ port }) {
    this.network.taken.add(port);
  }

  select({ path }) {
    const view = this.live.song.children.view;
    if (path) view.select(this.thing(path));
    else view.choose("detail_clip", null);
  }

  get({ path, name }) {
    const thing = this.thing(path);
    const child = thing.child(name);
    const value = child !== undefined ? child : thing.get(name);
    if (value === undefined) throw new Error(`${thing.type} has no ${name}`);
    const plain = (one) => (one instanceof Thing ? one.path() : one);
    return Array.isArray(value) ? value.map(plain) : plain(value);
  }

  knows({ path, name }) {
    return typeof this.thing(path)[`call_${name}`] === "function";
  }

  set({ path, name, value }) {
    this.thing(path).set(name, value);
  }

  remove_track({ index }) {
    this.live.song.remove_track(this.live.song.tracks[index]);
  }

  remove_scene({ index }) {
    this.live.song.remove_scene(this.live.song.scenes[index]);
  }

  /** The user pulls a clip of the Session to another slot. */
  move_clip({ path, slot }) {
    this.thing(path).parent.move_to(this.thing(slot));
  }

  refuse({ share, seed }) {
    this.live.refuse(share, seed);
  }

  save({ path }) {
    Object.assign(this.live.song.values, { file_path: path });
  }

  delete_clip({ path }) {
    const clip = this.thing(path);
    if (clip.in_arrangement) clip.parent.take_out(clip);
    else clip.parent.empty();
  }

  clips({ index }) {
    const track = this.live.song.tracks[index];
    const session = track.slots.map((slot) => slot.children.clip && told_of(slot.children.clip));
    return { session, arrangement: track.arrangement.map(told_of) };
  }

  tracks() {
    return this.live.song.tracks.map((track) => track.values.name);
  }

  state({ name }) {
    const states = {
      console: () => this.console,
      launched: () => this.launched,
      undo_steps: () => this.live.undo_steps,
      destroyed: () => this.live.destroyed,
      made: () => this.live.made,
      deleted: () => this.live.deleted,
      calls: () => this.live.calls,
      seconds: () => this.clock.now / 1000,
    };
    return states[name]();
  }

  advance({ seconds }) {
    if (this.clock.real) throw new Error("real time goes on by itself");
    this.clock.advance(seconds * 1000);
  }
}
