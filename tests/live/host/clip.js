// A clip: where its markers stand and what may be written to it. Positions are beats when warped, else seconds.
import path from "node:path";
import { Refusal, Thing, within } from "./thing.js";
import { guessed, Warp } from "./warp.js";

// Live puts a change of `warping` off to its next turn.
export const WARPING_DEFERRED_MS = 20;
const WARP_MODES = [0, 1, 2, 3, 4, 6];
const AUDIO = ["file_path", "sample_length", "sample_rate", "warping", "warp_mode", "warp_markers", "ram_mode"];
AUDIO.push("available_warp_modes", "gain", "gain_display_string", "pitch_coarse", "pitch_fine");
const POSITIONS = ["start_marker", "end_marker", "loop_start", "loop_end"];
const PLAIN = ["name", "color", "muted", "signature_numerator", "signature_denominator", "ram_mode", "is_playing"];

export class Clip extends Thing {
  /** `given` is a clip of a scene; see scene.py. `slot_or_track` holds it; start_time is there in the Arrangement. */
  constructor(live, slot_or_track, given, sound) {
    super(live, "Clip", slot_or_track);
    this.is_audio = given.kind === "audio";
    this.in_arrangement = given.start_time !== undefined && given.start_time !== null;
    const name = given.name ?? (given.path ? path.parse(given.path).name : "");
    Object.assign(this.values, {
      name,
      color: given.color ?? 0xff9436,
      muted: given.muted ? 1 : 0,
      signature_numerator: given.numerator ?? 4,
      signature_denominator: given.denominator ?? 4,
      is_audio_clip: this.is_audio ? 1 : 0,
      is_midi_clip: this.is_audio ? 0 : 1,
      is_arrangement_clip: this.in_arrangement ? 1 : 0,
      is_session_clip: this.in_arrangement ? 0 : 1,
      is_take_lane_clip: 0,
      is_recording: given.recording ? 1 : 0,
      is_playing: 0,
      has_groove: 0,
      looping: given.looping ? 1 : 0,
    });
    this.warped = this.is_audio ? Boolean(given.warped) : true;
    if (this.is_audio) this.take_sound(given, sound);
    const sounding = this.is_audio && (this.warped ? this.warp.beat(this.seconds_long) : this.seconds_long);
    const whole = this.is_audio ? sounding : given.length;
    this.end = given.end_marker ?? whole;
    this.brace_start = given.loop_start ?? given.start_marker ?? 0;
    this.brace_end = given.loop_end ?? this.end;
    this.start = this.values.looping ? given.start_marker ?? 0 : this.brace_start;
    // The other brace: the loop's while the clip does not loop, and the clip's own ends while it does.
    this.other_brace = given.other_brace ?? [this.start, this.end];
    this.start_time = this.in_arrangement ? given.start_time : 0;
    // What is seen of it in the Arrangement, where that is not what its markers say.
    this.seen_until = given.end_time ?? null;
    if (this.in_arrangement && this.values.looping && this.seen_until === null) {
      this.seen_until = this.start_time + this.beats(this.brace_end - this.start);
    }
  }

  take_sound(given, sound) {
    Object.assign(this.values, {
      file_path: given.path,
      sample_length: sound.frames,
      sample_rate: sound.rate,
      warp_mode: given.warp_mode ?? 0,
      pitch_coarse: given.pitch_coarse ?? 0,
      pitch_fine: given.pitch_fine ?? 0,
      gain: given.gain ?? 0.4,
      ram_mode: 0,
    });
    this.seconds_long = sound.frames / sound.rate;
    const tempo = this.live.song.values.tempo;
    this.warp = new Warp(given.markers ?? [{ beat_time: 0, sample_time: 0 }], given.tempo ?? tempo);
  }

  step() {
    if (!this.in_arrangement) return "clip";
    return `arrangement_clips ${this.parent.arrangement.indexOf(this)}`;
  }

  /** A length in this clip's unit, in beats of the set. */
  beats(length) {
    return this.warped ? length : (length * this.live.song.values.tempo) / 60;
  }

  get(name) {
    if (!this.is_audio && AUDIO.includes(name)) throw new Refusal(`${name} is only available for Audio Clips`);
    return super.get(name);
  }

  get_warping() {
    return this.warped ? 1 : 0;
  }

  get_warp_markers() {
    return { warp_markers: this.warp.told };
  }

  get_available_warp_modes() {
    return WARP_MODES;
  }

  get_gain_display_string() {
    return `${(20 * Math.log10(Math.max(this.values.gain, 1e-4) / 0.4)).toFixed(1)} dB`;
  }

  get_start_marker() {
    return this.start;
  }

  get_end_marker() {
    return this.end;
  }

  // Of a clip that does not loop, these two are its own ends: that is what it plays.
  get_loop_start() {
    return this.brace_start;
  }

  get_loop_end() {
    return this.brace_end;
  }

  get_length() {
    return this.beats(this.brace_end - this.brace_start);
  }

  get_position() {
    return this.brace_start;
  }

  get_start_time() {
    return this.start_time;
  }

  get_end_time() {
    if (!this.in_arrangement) return this.values.looping ? this.brace_end : this.end;
    return this.seen_until ?? this.start_time + this.get_length();
  }

  set(name, value) {
    if (!this.is_audio && AUDIO.includes(name)) throw new Refusal(`${name} is only available for Audio Clips`);
    if (!PLAIN.includes(name) && !this[`set_${name}`]) throw new Error(`the fake cannot set Clip.${name}`);
    super.set(name, value);
  }

  set_gain(value) {
    this.values.gain = within("gain", value, 0, 1);
  }

  set_pitch_coarse(value) {
    this.values.pitch_coarse = within("pitch_coarse", value, -48, 48);
  }

  set_pitch_fine(value) {
    this.values.pitch_fine = within("pitch_fine", value, -500, 500);
  }

  set_warp_mode(value) {
    if (!WARP_MODES.includes(value)) throw new Refusal(`Invalid warp mode ${value}`);
    this.values.warp_mode = value;
  }

  set_warping(value) {
    this.live.clock.after(WARPING_DEFERRED_MS, () => this.alive && this.turn_warping(Boolean(value)));
  }

  turn_warping(warped) {
    if (warped === this.warped) return;
    const to = (position) => (warped ? this.warp.beat(position) : this.warp.seconds(position));
    const inside = (position) => (warped ? position : Math.min(Math.max(position, 0), this.seconds_long));
    if (!warped && this.values.looping) this.set_looping(0);
    for (const name of ["start", "end", "brace_start", "brace_end"]) this[name] = inside(to(this[name]));
    this.other_brace = this.other_brace.map((position) => inside(to(position)));
    this.warped = warped;
    // Live forgets the markers of a clip that is no longer warped, and will guess anew.
    if (!warped) this.warp = new Warp(guessed(this.live.new_clips, this.seconds_long), this.live.new_clips.tempo);
    for (const name of ["warping", ...POSITIONS]) this.changed(name);
    this.reaches();
  }

  set_looping(value) {
    if (value && !this.warped) throw new Refusal("Unwarped audio cannot be looped");
    if (value === this.values.looping) return;
    const until = this.get_end_time();
    const brace = [this.brace_start, this.brace_end];
    [this.brace_start, this.brace_end] = this.other_brace;
    this.other_brace = brace;
    this.values.looping = value;
    if (!value) this.start = this.brace_start;
    if (this.in_arrangement) this.seen_until = value ? until : null;
    this.reaches();
  }

  // Where a clip that does not loop starts is its brace's start: Live does not heed what is written here.
  set_start_marker(value) {
    if (this.values.looping) this.place("start", value, "end", "start_marker", "end_marker");
  }

  set_end_marker(value) {
    this.place("end", value, "start", "end_marker", "start_marker");
  }

  set_loop_start(value) {
    this.place("brace_start", value, "brace_end", "loop_start", "loop_end");
    if (!this.values.looping) this.start = value;
  }

  set_loop_end(value) {
    this.place("brace_end", value, "brace_start", "loop_end", "loop_start");
  }

  place(which, value, other, name, other_name) {
    const is_start = which.endsWith("start");
    if (is_start ? value >= this[other] : value <= this[other]) {
      throw new Refusal(`Invalid value. ${name} ${value} must lie ${is_start ? "before" : "behind"} ${other_name}`);
    }
    if (!this.warped && this.is_audio && (value < 0 || value > this.seconds_long + 1e-6)) {
      throw new Refusal(`Invalid value. ${name} ${value} s lies outside the sample`);
    }
    this[which] = value;
    if (this.in_arrangement && !this.values.looping) this.seen_until = null;
    this.reaches();
  }

  /** Where it has become longer, Live writes it over what comes behind it. */
  reaches() {
    if (this.in_arrangement && this.parent.arrangement.includes(this)) this.parent.clear_under(this);
  }

  warped_audio() {
    if (!this.is_audio) throw new Refusal("Warp markers are only available for Audio Clips");
    if (!this.warped) throw new Refusal("Warp markers can only be changed while the clip is warped");
  }

  call_add_warp_marker(marker) {
    this.warped_audio();
    if (!marker || typeof marker.beat_time !== "number") throw new Refusal("add_warp_marker wants beat_time");
    this.change_markers(() => this.warp.add(marker, this.seconds_long));
  }

  call_remove_warp_marker(beat) {
    this.warped_audio();
    this.change_markers(() => this.warp.remove(beat));
  }

  call_move_warp_marker(beat, distance) {
    this.warped_audio();
    this.change_markers(() => this.warp.move(beat, distance));
  }

  /** At once, or in a Live that puts it off, as it does `warping`, later: then nobody hears of a refusal. */
  change_markers(change) {
    const { markers_late_ms } = this.live.new_clips;
    const act = () => {
      change();
      this.changed("warp_markers");
    };
    if (!markers_late_ms) return act();
    this.live.clock.after(markers_late_ms, () => {
      try {
        act();
      } catch (mistake) {
        if (!(mistake instanceof Refusal)) throw mistake;
      }
    });
  }
}
