// The set: tracks in their order and groups, scenes, what is selected.
import { Clip } from "./clip.js";
import { Scene } from "./slot.js";
import { read_sound } from "./sound_file.js";
import { Refusal, Thing } from "./thing.js";
import { Track } from "./track.js";

export class Song extends Thing {
  /** `given` is a set of scene.py: {tracks, returns, scenes, tempo, path, ...}. */
  constructor(live, given) {
    super(live, "Song", null);
    live.song = this;
    Object.assign(this.values, {
      tempo: given.tempo,
      file_path: given.path,
      name: given.path ? given.path.replace(/^.*[\\/]/, "").replace(/\.als$/, "") : "",
      signature_numerator: 4,
      signature_denominator: 4,
      is_playing: 0,
      current_song_time: 0,
      start_time: 0,
      loop_start: 0,
    });
    this.scenes = Array.from({ length: given.scenes }, () => new Scene(live, this));
    this.tracks = [];
    this.returns = given.returns.map((name) => new Track(live, this, { kind: "return", name }));
    this.children.master_track = new Track(live, this, { kind: "master", name: "Main" });
    for (const track of given.tracks) this.add_given(track, null);
    for (const track of this.tracks) this.equip(track);
    this.children.view = new SongView(live, this);
  }

  step() {
    return "live_set";
  }

  child_tracks() {
    return this.tracks;
  }

  child_visible_tracks() {
    return this.tracks.filter((track) => track.get_is_visible());
  }

  child_return_tracks() {
    return this.returns;
  }

  child_scenes() {
    return this.scenes;
  }

  add_given({ clips = {}, arrangement = [], tracks = [], ...given }, group) {
    const track = new Track(this.live, this, { ...given, group });
    this.tracks.push(track);
    track.add_slots(this.scenes.length);
    for (const [at, clip] of Object.entries(clips)) {
      track.slots[at].children.clip = new Clip(this.live, track.slots[at], clip, sound_of(clip));
    }
    for (const clip of arrangement) track.place(new Clip(this.live, track, clip, sound_of(clip)));
    for (const inner of tracks) this.add_given(inner, track);
  }

  /** Gives a track the slots and sends that the set asks of it. */
  equip(track) {
    track.add_slots(this.scenes.length);
    track.children.mixer_device.add_sends(this.returns.length);
  }

  call_create_audio_track(index = -1) {
    return this.create_track("audio", index);
  }

  call_create_midi_track(index = -1) {
    return this.create_track("midi", index);
  }

  create_track(kind, index) {
    if (index < -1 || index > this.tracks.length) throw new Refusal(`Invalid track index ${index}`);
    check_limit("tracks", this.tracks, this.live.track_limit);
    if (this.live.refuses()) throw new Refusal("Live refuses it now");
    const at = index === -1 ? this.tracks.length : index;
    // A group holds what lies between its members: what is put before one of them is one itself.
    const group = this.tracks[at] ? this.tracks[at].group : null;
    const named = kind === "audio" ? "Audio" : "MIDI";
    const track = new Track(this.live, this, { kind, name: `${at + 1}-${named}`, color: 0x808080, group });
    this.tracks.splice(at, 0, track);
    this.equip(track);
    this.changed("tracks");
    // Live selects what it makes.
    this.children.view.choose("selected_track", track);
  }

  call_delete_track(index) {
    const track = this.tracks[index];
    if (!track) throw new Refusal(`Invalid track index ${index}`);
    this.remove_track(track);
  }

  remove_track(track) {
    for (const inner of this.tracks.filter((one) => one.group === track)) this.remove_track(inner);
    this.tracks.splice(this.tracks.indexOf(track), 1);
    track.leave();
    this.changed("tracks");
    this.children.view.forget();
  }

  call_create_scene(index) {
    if (index < -1 || index > this.scenes.length) throw new Refusal(`Invalid scene index ${index}`);
    check_limit("scenes", this.scenes, this.live.scene_limit);
    if (this.live.refuses()) throw new Refusal("Live refuses it now");
    const at = index === -1 ? this.scenes.length : index;
    this.scenes.splice(at, 0, new Scene(this.live, this));
    for (const track of this.tracks) track.insert_slot(at);
    this.changed("scenes");
  }

  remove_scene(scene) {
    const at = this.scenes.indexOf(scene);
    for (const track of this.tracks) for (const slot of track.slots.splice(at, 1)) slot.leave();
    this.scenes.splice(at, 1);
    scene.leave();
    this.changed("scenes");
  }
}

/** Smaller editions of Live allow only so many. */
function check_limit(what, held, limit) {
  if (limit !== null && held.length >= limit) throw new Refusal(`Live allows no more than ${limit} ${what}`);
}

/** What the file holds, or what the scene says of a file that is not there. */
function sound_of(clip) {
  if (clip.kind !== "audio") return null;
  const said = clip.frames !== undefined ? { frames: clip.frames, rate: clip.rate } : null;
  const sound = said ?? read_sound(clip.path);
  if (!sound) throw new Error(`no sound file at ${clip.path}, and the scene gives no frames and rate`);
  return sound;
}

export class SongView extends Thing {
  constructor(live, song) {
    super(live, "Song.View", song);
    this.chosen = { selected_track: song.tracks[0] ?? null, selected_scene: song.scenes[0], detail_clip: null };
  }

  step() {
    return "view";
  }

  child(name) {
    return name in this.chosen ? this.chosen[name] : super.child(name);
  }

  child_highlighted_clip_slot() {
    const { selected_track: track, selected_scene: scene } = this.chosen;
    return (track && track.slots[this.parent.scenes.indexOf(scene)]) ?? null;
  }

  choose(name, thing) {
    if (this.chosen[name] === thing) return;
    this.chosen[name] = thing;
    this.changed(name);
  }

  /** Lets go of what has left the set. */
  forget() {
    for (const [name, thing] of Object.entries(this.chosen)) if (thing && !thing.alive) this.choose(name, null);
  }

  set_child(name, thing) {
    if (name === "highlighted_clip_slot") {
      if (thing) this.select(thing);
    } else this.choose(name, thing);
  }

  /** What a click of the user's on it selects. */
  select(thing) {
    const slot = thing instanceof Clip && !thing.in_arrangement ? thing.parent : thing;
    if (slot instanceof Scene) return this.choose("selected_scene", slot);
    const track = slot instanceof Track ? slot : slot.parent;
    this.choose("selected_track", track);
    if (slot.type === "ClipSlot") this.choose("selected_scene", this.parent.scenes[track.slots.indexOf(slot)]);
    this.choose("detail_clip", slot instanceof Clip ? slot : (slot.children.clip ?? null));
  }
}
