// The timing of a new clip: warping on or off, its mode, and the markers that make it play in time with its source.

var live = require("./live");
var region = require("./region");
var wait = require("./wait");

var WARPING_S = 2; // Live writes `warping` later than it is asked to
var INSIDE_S = 0.0001;
var SAME = 0.001; // beats, and seconds: Live's own numbers come as text

var dictionary = null; // one for all calls: Max keeps each that is made

function same(one, other) {
  return Math.abs(one.beat_time - other.beat_time) < SAME && Math.abs(one.sample_time - other.sample_time) < SAME;
}

function holds(markers, marker) {
  for (var index = 0; index < markers.length; index += 1) {
    if (same(markers[index], marker)) {
      return true;
    }
  }
  return false;
}

// The markers that Live shows: the last in its list is hidden.
function seen(clip) {
  var markers = live.dictionary(clip, "warp_markers") || [];
  return Array.prototype.slice.call(markers, 0, Math.max(0, markers.length - 1));
}

function strangers(clip, wanted) {
  var others = [];
  var markers = seen(clip);
  for (var index = 0; index < markers.length; index += 1) {
    if (!holds(wanted, markers[index])) {
      others.push(markers[index]);
    }
  }
  return others;
}

// Removes what is not wanted, from the right, as far as Live lets it: one marker always stays.
function remove_strangers(clip, wanted) {
  var others = strangers(clip, wanted);
  for (var index = others.length - 1; index >= 0; index -= 1) {
    if (seen(clip).length > 1) {
      live.call(clip, "remove_warp_marker", others[index].beat_time);
    }
  }
}

function add(clip, marker) {
  dictionary = dictionary || new Dict();
  dictionary.set("beat_time", marker.beat_time);
  dictionary.set("sample_time", marker.sample_time);
  live.call(clip, "add_warp_marker", dictionary);
}

// Gives a warped clip these markers and no other (seconds of its file, beats; rising). Whether Live now shows them.
exports.set_markers = function (clip, wanted) {
  remove_strangers(clip, wanted);
  // One that has to stay until ours are there is put on their line, so that no segment gets a tempo that Live refuses.
  var others = strangers(clip, wanted);
  var index;
  for (index = 0; index < others.length; index += 1) {
    var beat = region.beat_of_seconds(wanted, others[index].sample_time);
    if (Math.abs(beat - others[index].beat_time) > SAME) {
      live.call(clip, "move_warp_marker", others[index].beat_time, beat - others[index].beat_time);
    }
  }
  for (index = 0; index < wanted.length; index += 1) {
    if (!holds(seen(clip), wanted[index])) {
      add(clip, wanted[index]);
    }
  }
  var end = wanted[wanted.length - 1];
  if (!holds(seen(clip), end)) {
    // The file's very end may lie behind it by Live's own count.
    var inside = end.sample_time - INSIDE_S;
    add(clip, { beat_time: region.beat_of_seconds(wanted, inside), sample_time: inside });
  }
  remove_strangers(clip, wanted);
  var markers = seen(clip);
  var is_so = markers.length === wanted.length;
  for (index = 0; is_so && index < wanted.length; index += 1) {
    is_so = same(markers[index], wanted[index]);
  }
  return is_so;
};

// Gives a new clip the timing of its source; tells `landing` what Live did not take, then calls then().
exports.apply = function (clip, landing, then) {
  var plan = landing.plan;
  live.set(clip, "warping", plan.warping ? 1 : 0);
  wait.until(
    function () {
      return live.flag(clip, "warping") === plan.warping;
    },
    WARPING_S,
    landing.guarded(function (came) {
      if (!came) {
        landing.refused(plan.warping ? "its warping" : "that it is not warped");
      } else if (plan.warping) {
        if (!live.put(clip, "warp_mode", plan.warp_mode)) {
          landing.refused("the warp mode");
        }
        if (!exports.set_markers(clip, plan.markers)) {
          landing.refused("the warp markers (check its timing)");
        }
      }
      then();
    })
  );
};
