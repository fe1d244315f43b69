// Room in the Arrangement: a stretch of a track where nothing lies, and clips put there.

var live = require("./live");

var FASTEST_BPM = 999; // to which Live warps a file at most
var LAST_BEAT = 1576800; // where Live lets a clip begin at the latest
var SAME = 0.01; // beats: Live rounds to frames

// Whether nothing lies on the track between two beats of the song.
exports.is_free = function (track, from, to) {
  var clips = live.children(track, "arrangement_clips");
  for (var index = 0; index < clips.length; index += 1) {
    if (live.number(clips[index], "start_time") < to - SAME && live.number(clips[index], "end_time") > from + SAME) {
      return false;
    }
  }
  return true;
};

// From where to where a track must be empty for the plan's pieces: [from, to] in beats. A new clip overwrites what it
// covers, and until it has its own timing it is as long as its file at a tempo that Live guesses.
exports.room = function (plan, pieces) {
  var last = pieces[pieces.length - 1].position;
  var guessed = (plan.region_seconds * FASTEST_BPM) / 60;
  var own = plan.warping ? plan.end_marker - Math.min(plan.start_marker, plan.loop_start) : 0;
  return [plan.start_time, Math.max(plan.end_time, last + Math.max(guessed, own))];
};

// Puts a file at a beat of the track; the new clip's id, or 0 where Live refused.
exports.insert = function (track, path, position) {
  var before = live.children(track, "arrangement_clips");
  if (position > LAST_BEAT) {
    return 0;
  }
  live.call(track, "create_audio_clip", path, position);
  var after = live.children(track, "arrangement_clips");
  for (var index = 0; index < after.length; index += 1) {
    if (before.indexOf(after[index]) < 0 && Math.abs(live.number(after[index], "start_time") - position) < SAME) {
      return after[index];
    }
  }
  return 0;
};

// Whether the clips made for the plan's pieces lie where these belong, up to the end of the source.
exports.reach = function (made, pieces, plan) {
  for (var index = 0; index < made.length; index += 1) {
    var end = index + 1 < pieces.length ? pieces[index + 1].position : plan.end_time;
    if (Math.abs(live.number(made[index], "end_time") - end) > SAME) {
      return false;
    }
  }
  return made.length === pieces.length;
};
