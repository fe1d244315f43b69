// Which clip is meant: the audio clip that was selected last, for as long as it exists. Turning a knob of the device
// selects the device, so the last clip is kept.

var live = require("./live");
var source = require("./source");
var wait = require("./wait");
var words = require("./words");

var observer = null; // of what Live's detail view shows
var kept = 0; // the id of the last audio clip
var later = null;

// Keeps the clip that Live shows, where it is an audio clip. Who uses the device may by that highlight another slot, so
// what lies there counts only while no clip is kept. Gives the clip that Live shows, or 0.
function keep() {
  var view = live.root("live_set view");
  var clip = live.child(view, "detail_clip");
  var is_audio = clip !== 0 && live.flag(clip, "is_audio_clip");
  if (!is_audio && live.path(kept) !== "") {
    return clip;
  }
  if (!is_audio) {
    clip = live.child(live.child(view, "highlighted_clip_slot"), "clip") || clip;
    is_audio = clip !== 0 && live.flag(clip, "is_audio_clip");
  }
  kept = is_audio ? clip : 0;
  return clip;
}

// Watches the selection: on_change() comes after each change, and once at the start, never inside a notification.
exports.start = function (on_change) {
  exports.stop();
  later = new Task(on_change);
  observer = new LiveAPI(function () {
    if (later !== null) {
      later.schedule(0);
    }
  }, "live_set view");
  observer.property = "detail_clip";
};

// Lets go of all of Live, what waits for it included.
exports.stop = function () {
  wait.stop();
  if (observer !== null) {
    observer.property = "";
    observer = null;
  }
  kept = 0;
  if (later !== null) {
    later.cancel();
    later = null;
  }
  live.close();
};

// What source.read gives of the clip, and `text`: "Loop 1 · 4.00 s · Session"; or {sentence}.
exports.current = function () {
  var shown = keep();
  if (kept === 0) {
    return shown ? source.read(shown) : { sentence: "Select an audio clip: what it plays will be edited." };
  }
  var plan = source.read(kept);
  if (!plan.sentence) {
    var place = plan.is_arrangement ? "Arrangement" : "Session";
    plan.text = [plan.name, plan.region_seconds.toFixed(2) + " s", place].join(words.DOT);
  }
  return plan;
};
