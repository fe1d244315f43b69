// What is to be edited and where its result belongs: everything about a clip, read at once, as plain data.

var live = require("./live");
var names = require("./names");
var region = require("./region");
var version = require("./version");

// Where the set is saved, "" where it is not (or where Live is too old to say).
function set_folder() {
  if (!version.is_at_least(11, 3, 25)) {
    return "";
  }
  return names.folder(live.text(live.root("live_set"), "file_path"));
}

function index_in(path, word) {
  var found = new RegExp(" " + word + " (\\d+)").exec(path);
  return found ? Number(found[1]) : -1;
}

// The clip's times as Live has them, which region.js cuts.
function times(clip, name) {
  var read = {
    name: name,
    warping: live.flag(clip, "warping"),
    looping: live.flag(clip, "looping"),
    start_marker: live.number(clip, "start_marker"),
    end_marker: live.number(clip, "end_marker"),
    loop_start: live.number(clip, "loop_start"),
    loop_end: live.number(clip, "loop_end"),
    sample_length: live.number(clip, "sample_length"),
    sample_rate: live.number(clip, "sample_rate"),
    is_arrangement: live.flag(clip, "is_arrangement_clip"),
    start_time: live.number(clip, "start_time"),
    end_time: live.number(clip, "end_time")
  };
  read.markers = read.warping ? region.markers(live.dictionary(clip, "warp_markers"), read.sample_rate) : [];
  return read;
}

// The plan for an edit of the clip with this id: {path, name, colour, track, track_name, is_arrangement, scene
// (from 0, -1 in the Arrangement), scene_id, start_time, end_time (beats), tempo, warping, warp_mode, pitch_coarse,
// pitch_fine, gain, signature_numerator, signature_denominator, rate (Hz), set_folder ("": not saved)} and what
// region.cut gives; or {sentence}.
exports.read = function (clip) {
  var path = live.path(clip);
  if (path === "") {
    return { sentence: "The clip is gone. Select an audio clip." };
  }
  var name = live.text(clip, "name");
  if (!live.flag(clip, "is_audio_clip")) {
    return { sentence: (name ? "'" + name + "'" : "This") + " is a MIDI clip. Select an audio clip." };
  }
  var file = live.text(clip, "file_path");
  name = name || names.file(file);
  if (file === "") {
    return { sentence: "Live names no file for '" + name + "'. Consolidate the clip and try again." };
  }
  var read = times(clip, name);
  if (!(read.sample_rate > 0) || !(read.sample_length > 0)) {
    return { sentence: "Live cannot read the file of '" + name + "'. Is it missing? " + file };
  }
  if (read.markers === null) {
    return { sentence: "Live gives no timing for '" + name + "'. Switch its Warp off and on again." };
  }
  var plan = region.cut(read);
  if (plan.sentence) {
    return plan;
  }
  var set = live.root("live_set");
  var track = live.children(set, "tracks")[index_in(path, "tracks")] || 0;
  plan.path = file;
  plan.name = name;
  plan.colour = live.number(clip, "color");
  plan.track = track;
  plan.track_name = live.text(track, "name");
  plan.is_arrangement = read.is_arrangement;
  plan.scene = index_in(path, "clip_slots");
  plan.scene_id = live.children(set, "scenes")[plan.scene] || 0;
  plan.start_time = read.start_time;
  plan.end_time = read.end_time;
  plan.tempo = live.number(set, "tempo");
  plan.warping = read.warping;
  plan.warp_mode = live.number(clip, "warp_mode");
  plan.pitch_coarse = live.number(clip, "pitch_coarse");
  plan.pitch_fine = live.number(clip, "pitch_fine");
  plan.gain = live.number(clip, "gain");
  plan.signature_numerator = live.number(clip, "signature_numerator");
  plan.signature_denominator = live.number(clip, "signature_denominator");
  plan.rate = read.sample_rate;
  plan.set_folder = set_folder();
  return plan;
};
