// The dressing of a new clip: what its source has of name, colour, timing, pitch and gain, and which part it plays.

var live = require("./live");
var warp = require("./warp");
var words = require("./words");

var SAME = 0.001;
var CLOSE = 1e-6; // what is nearer than this need not be written

// Writes a start and an end so that at no time the start lies behind the end.
function put_both(clip, start_name, start, end_name, end) {
  if (end > live.number(clip, start_name)) {
    live.put(clip, end_name, end, CLOSE);
    live.put(clip, start_name, start, CLOSE);
  } else {
    live.put(clip, start_name, start, CLOSE);
    live.put(clip, end_name, end, CLOSE);
  }
}

function read_as(clip, start_name, start, end_name, end) {
  return live.reads(clip, start_name, start, SAME) && live.reads(clip, end_name, end, SAME);
}

// Lets a clip loop as the plan's source does.
function loop(clip, plan, landing) {
  if (!live.put(clip, "looping", 1)) {
    landing.refused("the loop");
  }
  put_both(clip, "loop_start", plan.loop_start, "loop_end", plan.loop_end);
  put_both(clip, "start_marker", plan.start_marker, "end_marker", plan.end_marker);
  if (!read_as(clip, "loop_start", plan.loop_start, "loop_end", plan.loop_end)) {
    landing.refused("the loop's ends");
  }
  if (!live.reads(clip, "start_marker", plan.start_marker, SAME)) {
    landing.refused("its start");
  }
}

// Lets a clip play once, `piece`: {from, to} in its own time.
exports.play_once = function (clip, piece, landing) {
  if (!live.put(clip, "looping", 0)) {
    landing.refused("that it does not loop");
  }
  // Its loop's ends are its own ends then, and go first: Live need not heed what is written to its start marker.
  put_both(clip, "loop_start", piece.from, "loop_end", piece.to);
  put_both(clip, "start_marker", piece.from, "end_marker", piece.to);
  if (
    !read_as(clip, "start_marker", piece.from, "end_marker", piece.to) ||
    !read_as(clip, "loop_start", piece.from, "loop_end", piece.to)
  ) {
    landing.refused("its start and end");
  }
};

function signature(clip, plan, landing) {
  var denominator = live.put(clip, "signature_denominator", plan.signature_denominator);
  if (!live.put(clip, "signature_numerator", plan.signature_numerator) || !denominator) {
    landing.refused("the signature");
  }
}

// Dresses a new clip of a landing (of landing.js); `piece`: what it plays of the source, or null where it plays, or
// loops, as its source does. Tells the landing what Live did not take, then calls then(), perhaps at once.
exports.dress = function (clip, label, piece, landing, then) {
  var plan = landing.plan;
  if (!live.put_text(clip, "name", plan.name + words.DOT + label)) {
    landing.refused("the clip's name");
  }
  if (!live.put(clip, "color", plan.colour)) {
    landing.refused("the clip's colour");
  }
  warp.apply(clip, landing, function () {
    if (!live.put(clip, "pitch_coarse", plan.pitch_coarse)) {
      landing.refused("the transposition");
    }
    if (!live.put(clip, "pitch_fine", plan.pitch_fine, 0.1)) {
      landing.refused("the detuning");
    }
    if (!live.put(clip, "gain", plan.gain, SAME)) {
      landing.refused("the gain");
    }
    if (plan.looping && piece === null) {
      loop(clip, plan, landing);
    } else {
      exports.play_once(clip, piece || { from: plan.start_marker, to: plan.end_marker }, landing);
    }
    signature(clip, plan, landing);
    then();
  });
};
