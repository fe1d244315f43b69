// A clip's warp markers: seconds of the file at beats, straight between them, the last one hidden, for the slope alone.
import { Refusal } from "./thing.js";

// Where Live keeps the hidden marker: a 32nd of a beat behind the last one seen.
const HIDDEN_BEATS = 0.03125;
const SAME = 1e-6;

export class Warp {
  /** `markers`: [{beat_time, sample_time}], at least one; `tempo` (beats a minute): the slope of a single one. */
  constructor(markers, tempo) {
    this.markers = markers.map(({ beat_time, sample_time }) => ({ beat_time, sample_time }));
    this.tempo = tempo;
    for (let at = 1; at < markers.length; at++) {
      const [a, b] = [markers[at - 1], markers[at]];
      if (b.beat_time <= a.beat_time || b.sample_time <= a.sample_time) {
        throw new Error(`markers do not rise at beat ${b.beat_time}`);
      }
    }
  }

  /** Seconds a beat behind the last marker. */
  get slope() {
    const [a, b] = this.markers.slice(-2);
    return b ? (b.sample_time - a.sample_time) / (b.beat_time - a.beat_time) : 60 / this.tempo;
  }

  /** All of them as Max is told, the hidden one too. */
  get told() {
    const last = this.markers[this.markers.length - 1];
    const hidden = {
      beat_time: last.beat_time + HIDDEN_BEATS,
      sample_time: last.sample_time + HIDDEN_BEATS * this.slope,
    };
    return [...this.markers, hidden].map((one) => ({ ...one }));
  }

  seconds(beat) {
    const told = this.told;
    let at = 1;
    while (at < told.length - 1 && beat > told[at].beat_time) at++;
    const [a, b] = [told[at - 1], told[at]];
    return a.sample_time + ((beat - a.beat_time) * (b.sample_time - a.sample_time)) / (b.beat_time - a.beat_time);
  }

  beat(seconds) {
    const told = this.told;
    let at = 1;
    while (at < told.length - 1 && seconds > told[at].sample_time) at++;
    const [a, b] = [told[at - 1], told[at]];
    return a.beat_time + ((seconds - a.sample_time) * (b.beat_time - a.beat_time)) / (b.sample_time - a.sample_time);
  }

  find(beat) {
    return this.markers.findIndex((one) => Math.abs(one.beat_time - beat) < SAME);
  }

  /** `sample_time` undefined: where it is now. */
  add({ beat_time, sample_time = this.seconds(beat_time) }, length_seconds) {
    if (this.find(beat_time) >= 0) throw new Refusal(`A warp marker is at beat ${beat_time} already`);
    if (sample_time < 0 || sample_time > length_seconds + SAME) {
      throw new Refusal(`A warp marker at ${sample_time} s lies outside the sample`);
    }
    const before = this.markers.filter((one) => one.beat_time < beat_time);
    const after = this.markers.slice(before.length);
    const low = before[before.length - 1];
    if ((low && sample_time <= low.sample_time) || (after[0] && sample_time >= after[0].sample_time)) {
      throw new Refusal(`Warp markers must rise: beat ${beat_time} at ${sample_time} s does not fit`);
    }
    this.markers = [...before, { beat_time, sample_time }, ...after];
  }

  remove(beat) {
    const at = this.find(beat);
    if (at < 0) throw new Refusal(`No warp marker is at beat ${beat}`);
    if (this.markers.length === 1) throw new Refusal("The last warp marker cannot be removed");
    if (this.markers.length === 2) this.tempo = 60 / this.slope;
    this.markers.splice(at, 1);
  }

  move(beat, distance) {
    const at = this.find(beat);
    if (at < 0) throw new Refusal(`No warp marker is at beat ${beat}`);
    const [low, high] = [this.markers[at - 1], this.markers[at + 1]];
    const there = beat + distance;
    if ((low && there <= low.beat_time) || (high && there >= high.beat_time)) {
      throw new Refusal("A warp marker cannot pass another");
    }
    this.markers[at].beat_time = there;
  }
}

/** The markers that Live guesses for a file of this length; `guess` says how, see host.py. */
export function guessed({ tempo, markers }, seconds) {
  const beats = Math.max(1, Math.round((seconds * tempo) / 60));
  const whole = [
    { beat_time: 0, sample_time: 0 },
    { beat_time: beats, sample_time: seconds },
  ];
  return markers ?? whole;
}
