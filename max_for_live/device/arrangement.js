// Room in the Arrangement, and clips put there.
//
// A clip that Live makes of a file right in the Arrangement is as long as the file at a tempo that Live guesses, over
// whatever lies there, and its length can hardly be changed. So it is dressed in a slot and copied from there, which
// gives it just the length that it has.

var live = require("./live");

var SAME = 0.01; // beats

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

// Copies a clip of the Session to a beat of the track; the copy's id, or 0 where Live refused.
exports.copy = function (track, clip, position) {
  var before = live.children(track, "arrangement_clips");
  live.call(track, "duplicate_clip_to_arrangement", "id " + clip, position);
  var after = live.children(track, "arrangement_clips");
  for (var index = 0; index < after.length; index += 1) {
    if (before.indexOf(after[index]) < 0) {
      return after[index];
    }
  }
  return 0;
};

// Whether a clip lies from one beat of the song to another.
exports.lies = function (clip, from, to) {
  var begins = live.number(clip, "start_time");
  var ends = live.number(clip, "end_time");
  return Math.abs(begins - from) < SAME && Math.abs(ends - to) < SAME;
};
