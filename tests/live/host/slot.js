// Clip slots and scenes, the Session's grid, and how Live makes a clip of a file.
import { Clip } from "./clip.js";
import { read_sound } from "./sound_file.js";
import { Refusal, Thing } from "./thing.js";
import { guessed } from "./warp.js";

/** A clip as Live makes it of a file by its own first guess, or null where it refuses, without a word. */
export function clip_of_file(live, holder, path, start_time) {
  const sound = read_sound(path);
  if (!sound || sound.frames === 0) return null;
  const guess = live.new_clips;
  const markers = guessed(guess, sound.frames / sound.rate);
  const looping = guess.warped && guess.looping;
  const given = { kind: "audio", path, markers, warped: guess.warped, looping, start_time };
  return new Clip(live, holder, { ...given, warp_mode: guess.warp_mode, color: holder.track.values.color }, sound);
}

export class ClipSlot extends Thing {
  constructor(live, track) {
    super(live, "ClipSlot", track);
    this.track = track;
    Object.assign(this.values, { has_stop_button: 1, color: 0 });
    this.children.clip = null;
  }

  step() {
    return `clip_slots ${this.parent.slots.indexOf(this)}`;
  }

  get_has_clip() {
    return this.children.clip ? 1 : 0;
  }

  get_is_group_slot() {
    return this.track.kind === "group" ? 1 : 0;
  }

  put(clip) {
    this.children.clip = clip;
    this.changed("has_clip");
  }

  call_create_audio_clip(path) {
    if (this.children.clip || !this.track.takes_audio_clips || this.live.refuses()) return;
    const clip = clip_of_file(this.live, this, path, null);
    if (!clip) return;
    this.live.made.push(path);
    this.put(clip);
  }

  call_delete_clip() {
    if (!this.children.clip) throw new Refusal("No clip in this slot");
    this.live.deleted.push(this.children.clip.values.file_path ?? this.children.clip.values.name);
    this.empty();
  }

  /** What lies here, if anything, leaves the set. */
  empty() {
    if (!this.children.clip) return;
    this.children.clip.leave();
    this.put(null);
  }

  /** The user pulls the clip to another slot, where it takes the place of what lies there. */
  move_to(slot) {
    const clip = this.children.clip;
    if (slot === this) return;
    slot.empty();
    this.put(null);
    clip.parent = slot;
    slot.put(clip);
  }
}

export class Scene extends Thing {
  constructor(live, song, name = "") {
    super(live, "Scene", song);
    Object.assign(this.values, { name, color: 0, tempo: -1, is_triggered: 0 });
  }

  step() {
    return `scenes ${this.parent.scenes.indexOf(this)}`;
  }

  child_clip_slots() {
    const at = this.parent.scenes.indexOf(this);
    return this.parent.tracks.map((track) => track.slots[at]);
  }

  get_is_empty() {
    return this.child_clip_slots().some((slot) => slot.children.clip) ? 0 : 1;
  }
}
