// The timing of a new clip: warping on or off, its mode, and the markers that make it play in time with its source.

var live = require("./live");
var region = require("./region");
var wait = require("./wait");

var WARPING_S = 2; // Live writes `warping` later than it is asked to
var MARKERS_S = 0.3;
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

// Whether Live shows these markers and no other.
function are(clip, wanted) {
  var markers = seen(clip);
  var is_so = markers.length === wanted.length;
  for (var index = 0; is_so && index < wanted.length; index += 1) {
    is_so = same(markers[index], wanted[index]);
  }
  return is_so;
}

function write(clip, wanted) {
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
  remove_strangers(clip, wanted);
}

// The same markers, the last one a little earlier: the file's very end may lie behind it by Live's own count.
function inside(wanted) {
  var end = wanted[wanted.length - 1].sample_time - INSIDE_S;
  return wanted.slice(0, -1).concat([{ beat_time: region.beat_of_seconds(wanted, end), sample_time: end }]);
}

// Gives a warped clip the markers of the landing's plan and no other, then calls then(whether Live now shows them),
// perhaps at once. Nobody promises that Live writes them before it is asked for them: what does not read back is given
// a moment, and is written once more from what Live shows by then.
function set_markers(clip, landing, then) {
  var wanted = landing.plan.markers;

  function is_so() {
    return are(clip, wanted);
  }
  write(clip, wanted);
  wait.until(
    is_so,
    MARKERS_S,
    landing.guarded(function (came) {
      if (!came) {
        write(clip, holds(seen(clip), wanted[wanted.length - 1]) ? wanted : inside(wanted));
      }
      wait.until(is_so, MARKERS_S, landing.guarded(then));
    })
  );
}

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
      if (!came || !plan.warping) {
        if (!came) {
          landing.refused(plan.warping ? "its warping" : "that it is not warped");
        }
        then();
        return;
      }
      if (!live.put(clip, "warp_mode", plan.warp_mode)) {
        landing.refused("the warp mode");
      }
      set_markers(clip, landing, function (are_so) {
        if (!are_so) {
          landing.refused("the warp markers (check its timing)");
        }
        then();
      });
    })
  );
};
