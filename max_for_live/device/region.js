// What part of its file a clip plays, and where that part lies in time: mathematics alone, nothing of Live.
//
// Times are beats in a warped clip and seconds in one that is not, as Live counts them. Warp markers are
// [{beat_time (beats), sample_time (seconds of the file)}], rising in both; the last one is hidden in Live and gives
// the slope behind the last that is seen.

var SLOWEST_BPM = 1; // Live's own limit is 5
var NEAR_S = 0.0005; // markers nearer than this to the region's edge say nothing that the edge does not
var MOST_REPETITIONS = 100;

function is_number(value) {
  return typeof value === "number" && isFinite(value);
}

function refuse(sentence) {
  return { sentence: sentence };
}

// A line through two markers, from one of their times to the other.
function along(markers, at, from, to) {
  var index = 0;
  while (index < markers.length - 2 && at > markers[index + 1][from]) {
    index += 1;
  }
  var left = markers[index];
  var right = markers[index + 1];
  return left[to] + ((at - left[from]) * (right[to] - left[to])) / (right[from] - left[from]);
}

// Where in the file (seconds) a beat of the clip is heard; before the first and behind the last marker, too.
exports.seconds_of_beat = function (markers, beat) {
  return along(markers, beat, "beat_time", "sample_time");
};

// At which beat of the clip a place of the file (seconds) is heard.
exports.beat_of_seconds = function (markers, seconds) {
  return along(markers, seconds, "sample_time", "beat_time");
};

// Live's list of markers, checked; or null where no timing follows from it. `sample_rate` in Hz.
exports.markers = function (list, sample_rate) {
  var read = [];
  var index;
  for (index = 0; list && index < list.length; index += 1) {
    var marker = { beat_time: Number(list[index].beat_time), sample_time: Number(list[index].sample_time) };
    var last = read[read.length - 1];
    if (!is_number(marker.beat_time) || !is_number(marker.sample_time)) {
      return null;
    }
    if (last && (marker.beat_time <= last.beat_time || marker.sample_time <= last.sample_time)) {
      return null;
    }
    read.push(marker);
  }
  if (read.length < 2) {
    return null;
  }
  var first = read[0];
  var end = read[read.length - 1];
  // No clip is that slow: these are frames, not seconds.
  if ((60 * (end.beat_time - first.beat_time)) / (end.sample_time - first.sample_time) < SLOWEST_BPM) {
    for (index = 0; index < read.length; index += 1) {
      read[index].sample_time /= sample_rate;
    }
  }
  return read;
};

// From where to where a clip plays, in its own time: [from, to, looping], or {sentence}.
function extent(clip) {
  // With its start behind the loop a clip never comes round.
  if (clip.looping && clip.start_marker < clip.loop_end) {
    if (clip.loop_end <= clip.loop_start) {
      return refuse("The loop of '" + clip.name + "' is empty. Drag its loop brace open.");
    }
    return [Math.min(clip.start_marker, clip.loop_start), clip.loop_end, true];
  }
  // A clip that does not loop plays what stands as its loop, once: its end marker may lie behind that.
  var start = clip.looping ? clip.start_marker : clip.loop_start;
  var end = clip.looping ? clip.end_marker : clip.loop_end;
  // The seconds of a clip that is not warped depend on the tempo on its way, which a song may change.
  if (clip.is_arrangement && clip.warping) {
    end = Math.min(end, start + clip.end_time - clip.start_time);
  }
  if (end <= start) {
    return refuse("'" + clip.name + "' ends where it starts. Drag its end marker to the right.");
  }
  return [start, end, false];
}

// The markers between two places of the file, counted from the first of them; both are markers themselves.
function rebase(markers, origin, end, seconds) {
  var moved = [{ beat_time: 0, sample_time: 0 }];
  for (var index = 0; index < markers.length - 1; index += 1) {
    var marker = markers[index];
    if (marker.sample_time > origin.sample_time + NEAR_S && marker.sample_time < end.sample_time - NEAR_S) {
      moved.push({
        beat_time: marker.beat_time - origin.beat_time,
        sample_time: marker.sample_time - origin.sample_time
      });
    }
  }
  moved.push({ beat_time: end.beat_time - origin.beat_time, sample_time: seconds });
  return moved;
}

// What a clip plays, as frames of its file, and the clip's times counted from there.
//
// `clip`: {name, warping, looping, start_marker, end_marker, loop_start, loop_end, sample_length (frames),
// sample_rate (Hz, of the file), markers (of a warped clip), is_arrangement, start_time, end_time (beats)}.
// Returns {region_start, region_frames (frames), region_seconds, region_beats (0 when not warped), markers (rebased,
// all of them seen), looping, start_marker, end_marker, loop_start, loop_end (rebased)}, or {sentence}.
exports.cut = function (clip) {
  var played = extent(clip);
  if (played.sentence) {
    return played;
  }
  var rate = clip.sample_rate;

  // A place of the clip on the nearest frame of its file; inside the file, though the clip may reach beyond it.
  function place(time) {
    var frame = Math.round((clip.warping ? exports.seconds_of_beat(clip.markers, time) : time) * rate);
    var inside = Math.max(0, Math.min(frame, clip.sample_length));
    var on_time = inside === frame;
    return {
      frame: inside,
      sample_time: inside / rate,
      beat_time: !clip.warping || on_time ? time : exports.beat_of_seconds(clip.markers, inside / rate)
    };
  }

  var from = place(played[0]);
  var to = place(played[1]);
  if (to.frame - from.frame < 1) {
    return refuse("'" + clip.name + "' plays nothing of its file. Move its start or its loop over the sample.");
  }
  var zero = clip.warping ? from.beat_time : from.sample_time;
  var seconds = (to.frame - from.frame) / rate;

  // Beats may lie before or behind the file, where the clip is silent; seconds may not, not even by half a frame.
  function moved(time) {
    return clip.warping ? time - zero : Math.max(0, Math.min(time - zero, seconds));
  }

  return {
    region_start: from.frame,
    region_frames: to.frame - from.frame,
    region_seconds: seconds,
    region_beats: clip.warping ? to.beat_time - from.beat_time : 0,
    markers: clip.warping ? rebase(clip.markers, from, to, seconds) : [],
    looping: played[2],
    start_marker: moved(played[2] ? clip.start_marker : played[0]),
    end_marker: moved(played[1]),
    loop_start: moved(played[2] ? clip.loop_start : played[0]),
    loop_end: moved(played[1])
  };
};

// The pieces that an Arrangement clip plays one after the other: [{position (beats of the song), from, to}], the
// latter in the rebased time of `plan`, which is a cut with start_time, end_time and (where it is not warped) tempo.
// No piece is longer than the clip lasts; of a loop too short for its clip only the first hundred are given.
exports.repetitions = function (plan) {
  var beats = plan.warping ? 1 : plan.tempo / 60; // beats in one unit of the clip's own time
  var left = (plan.end_time - plan.start_time) / beats;
  var position = plan.start_time;
  var from = plan.start_marker;
  var pieces = [];
  if (!plan.looping) {
    return [{ position: position, from: from, to: plan.end_marker }];
  }
  while (left > NEAR_S && pieces.length < MOST_REPETITIONS) {
    var length = Math.min(plan.loop_end - from, left);
    pieces.push({ position: position, from: from, to: from + length });
    position += length * beats;
    left -= length;
    from = plan.loop_start;
  }
  return pieces;
};
