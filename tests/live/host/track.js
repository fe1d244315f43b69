// A track: its slots, its clips in the Arrangement, its group, mixer and outputs.
import { copy_to } from "./copies.js";
import { clip_of_file, ClipSlot } from "./slot.js";
import { Mixer } from "./mixer.js";
import { Refusal, Thing } from "./thing.js";

const LAST_BEAT = 1576800;

export class Track extends Thing {
  /** `kind` is audio, midi, group, return or master; `group` the group track it is in, or null. */
  constructor(live, song, { kind, name, color = 0x3c6eb4, group = null, frozen = false, mute = false, ...mixed }) {
    super(live, "Track", song);
    this.kind = kind;
    this.group = group;
    this.slots = [];
    this.arrangement = [];
    this.output = mixed.output ?? null;
    this.channel = mixed.channel ?? "Track In";
    const has_midi = kind === "midi" ? 1 : 0;
    Object.assign(this.values, {
      name,
      color,
      mute: mute ? 1 : 0,
      solo: 0,
      arm: 0,
      fold_state: mixed.folded ? 1 : 0,
      is_frozen: frozen ? 1 : 0,
      is_foldable: kind === "group" ? 1 : 0,
      can_be_armed: ["audio", "midi"].includes(kind) ? 1 : 0,
      has_midi_input: has_midi,
      has_audio_input: has_midi ? 0 : 1,
      has_audio_output: 1,
      has_midi_output: 0,
      playing_slot_index: -1,
      fired_slot_index: -1,
    });
    this.children.mixer_device = new Mixer(live, this, mixed);
    this.children.devices = [];
  }

  get track() {
    return this;
  }

  get takes_audio_clips() {
    return this.kind === "audio" && !this.values.is_frozen;
  }

  step() {
    if (this.kind === "master") return "master_track";
    if (this.kind === "return") return `return_tracks ${this.parent.returns.indexOf(this)}`;
    return `tracks ${this.parent.tracks.indexOf(this)}`;
  }

  child_clip_slots() {
    return this.slots;
  }

  child_arrangement_clips() {
    if (["return", "master"].includes(this.kind)) throw new Refusal("Such a track has no arrangement clips");
    return this.arrangement;
  }

  child_group_track() {
    return this.group;
  }

  get_is_grouped() {
    return this.group ? 1 : 0;
  }

  get_is_visible() {
    for (let at = this.group; at; at = at.group) if (at.values.fold_state) return 0;
    return 1;
  }

  leave() {
    for (const slot of this.slots) slot.leave();
    for (const clip of this.arrangement) clip.leave();
    super.leave();
  }

  set_arm(value) {
    if (!this.values.can_be_armed) throw new Refusal("This track cannot be armed");
    this.values.arm = value;
  }

  set_mute(value) {
    if (this.kind === "master") throw new Refusal("Master track has no mute state");
    this.values.mute = value;
  }

  // What may be chosen as the output, as Live lists it: what the track feeds first, then all others.
  outputs() {
    const main = this.group ? ["Group", "Main"] : ["Main"];
    const others = this.parent.tracks.filter((one) => one !== this && one.kind !== "group");
    const names = ["Ext. Out", ...main, ...others.map((one) => one.values.name), "Sends Only"];
    return names.map((name) => this.live.routing(name));
  }

  channels() {
    const routed = this.output_now();
    if (["Main", "Group", "Sends Only"].includes(routed)) return [];
    const names = routed === "Ext. Out" ? ["1/2", "3/4"] : ["Track In"];
    return names.map((name) => this.live.routing(name));
  }

  output_now() {
    return this.output ?? (this.group ? "Group" : "Main");
  }

  get_available_output_routing_types() {
    return { available_output_routing_types: this.outputs() };
  }

  get_available_output_routing_channels() {
    return { available_output_routing_channels: this.channels() };
  }

  get_output_routing_type() {
    return { output_routing_type: this.live.routing(this.output_now()) };
  }

  get_output_routing_channel() {
    return { output_routing_channel: this.live.routing(this.channels().length ? this.channel : "") };
  }

  set_output_routing_type(given) {
    this.output = this.chosen(given, this.outputs(), "output_routing_type");
    this.channel = this.channels().length ? this.channels()[0].display_name : "";
  }

  set_output_routing_channel(given) {
    this.channel = this.chosen(given, this.channels(), "output_routing_channel");
  }

  chosen(given, offered, name) {
    const wanted = given && given[name] ? given[name] : given;
    const found = wanted && offered.find((one) => String(one.identifier) === String(wanted.identifier));
    if (!found) throw new Refusal(`Invalid ${name}: ${JSON.stringify(given)} is not among those available`);
    return found.display_name;
  }

  call_create_audio_clip(path, position) {
    if (!this.takes_audio_clips || position < 0 || position > LAST_BEAT) return;
    const clip = clip_of_file(this.live, this, path, position);
    if (!clip) return;
    this.place(clip);
    this.clear_under(clip);
    this.changed("arrangement_clips");
  }

  call_duplicate_clip_to_arrangement(clip, position) {
    const takes = clip && (clip.is_audio ? this.takes_audio_clips : this.kind === "midi" && !this.values.is_frozen);
    if (!takes) throw new Refusal("The clip cannot be put on this track");
    if (position < 0 || position > LAST_BEAT) throw new Refusal(`Invalid position ${position}`);
    if (this.live.refuses()) throw new Refusal("Live refuses it now");
    const copy = copy_to(clip, this, position);
    this.place(copy);
    this.clear_under(copy);
    this.changed("arrangement_clips");
    return [copy];
  }

  /** Puts a clip into the Arrangement at its time. */
  place(clip) {
    this.arrangement = [...this.arrangement, clip].sort((a, b) => a.start_time - b.start_time);
  }

  /** What another clip covers is gone, as in Live; the fake keeps a note of it. */
  clear_under(clip) {
    const [from, to] = [clip.start_time, clip.get_end_time()];
    const hit = (one) => one !== clip && one.start_time < to - 1e-9 && one.get_end_time() > from + 1e-9;
    for (const one of this.arrangement.filter(hit)) {
      this.live.destroyed.push(one.values.name);
      this.arrangement.splice(this.arrangement.indexOf(one), 1);
      one.leave();
    }
  }

  call_delete_clip(clip) {
    const slot = this.slots.find((one) => one.children.clip === clip);
    if (slot) return slot.call_delete_clip();
    if (!this.arrangement.includes(clip)) throw new Refusal("The clip is not on this track");
    this.live.deleted.push(clip.values.file_path ?? clip.values.name);
    this.take_out(clip);
  }

  take_out(clip) {
    this.arrangement.splice(this.arrangement.indexOf(clip), 1);
    clip.leave();
    this.changed("arrangement_clips");
  }

  insert_slot(at) {
    this.slots.splice(at, 0, new ClipSlot(this.live, this));
  }

  add_slots(count) {
    while (this.slots.length < count) this.slots.push(new ClipSlot(this.live, this));
  }
}
