// A track's mixer and its parameters: volume, pan, sends.
import { Thing, within } from "./thing.js";

export class Parameter extends Thing {
  constructor(live, parent, name, value, min, max, step) {
    super(live, "DeviceParameter", parent);
    this.own_step = step;
    Object.assign(this.values, { name, original_name: name, value, default_value: value, min, max });
    Object.assign(this.values, { is_enabled: 1, is_quantized: 0, state: 0, automation_state: 0 });
  }

  step() {
    return typeof this.own_step === "function" ? this.own_step() : this.own_step;
  }

  set_value(value) {
    this.values.value = within(this.values.name, value, this.values.min, this.values.max);
  }
}

export class Mixer extends Thing {
  constructor(live, track, given) {
    super(live, "MixerDevice", track);
    const { volume = 0.85, panning = 0, sends = [], crossfade_assign = 1, split = null } = given;
    this.values.crossfade_assign = crossfade_assign;
    this.values.panning_mode = split ? 1 : 0;
    this.children.volume = new Parameter(live, this, "Track Volume", volume, 0, 1, "volume");
    this.children.panning = new Parameter(live, this, "Track Panning", panning, -1, 1, "panning");
    const [left, right] = split ?? [-1, 1];
    for (const [side, letter, value] of [["left", "L", left], ["right", "R", right]]) {
      const name = `${side}_split_stereo`;
      this.children[name] = new Parameter(live, this, `Split Stereo Pan ${letter}`, value, -1, 1, name);
    }
    this.children.sends = [];
    this.given_sends = sends;
  }

  step() {
    return "mixer_device";
  }

  /** One send for each return track there is. */
  add_sends(count) {
    while (this.children.sends.length < count) {
      const at = this.children.sends.length;
      const name = "ABCDEFGHIJKL"[at] + "-Send";
      this.children.sends.push(new Parameter(this.live, this, name, this.given_sends[at] ?? 0, 0, 1, `sends ${at}`));
    }
  }
}
