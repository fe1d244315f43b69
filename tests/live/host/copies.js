// A clip as plain data: its copy in the Arrangement, and what a test is told of it.
import { Clip } from "./clip.js";

/** The same clip in the Arrangement of a track; one that loops is there once around. */
export function copy_to(clip, track, start_time) {
  const { is_audio, warped, values } = clip;
  const length = clip.brace_end - clip.brace_start;
  const given = {
    ...values,
    kind: is_audio ? "audio" : "midi",
    path: values.file_path,
    length,
    numerator: values.signature_numerator,
    denominator: values.signature_denominator,
    start_marker: clip.start,
    end_marker: clip.end,
    loop_start: clip.brace_start,
    loop_end: clip.brace_end,
    other_brace: clip.other_brace,
    start_time,
    end_time: values.looping ? start_time + clip.beats(length) : null,
  };
  const timing = is_audio ? { warped, markers: clip.warp.markers, tempo: clip.warp.tempo } : {};
  const sound = is_audio ? { frames: values.sample_length, rate: values.sample_rate } : null;
  return new Clip(clip.live, track, { ...given, ...timing }, sound);
}

/** All that there is to know of a clip. */
export function told_of(clip) {
  const told = { ...clip.values };
  for (const name of ["start_marker", "end_marker", "loop_start", "loop_end", "start_time", "end_time", "length"]) {
    told[name] = clip.get(name);
  }
  if (clip.is_audio) Object.assign(told, { warping: clip.get("warping"), warp_markers: clip.warp.told });
  return told;
}
