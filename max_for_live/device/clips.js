// The dressing of a new clip: what its source has of name, colour, timing, pitch and gain, and which part it plays.

var live = require("./live");
var warp = require("./warp");

var SAME = 0.001;

// Writes a start and an end so that at no time the start lies behind the end.
function put_both(clip, start_name, start, end_name, end) {
  if (end > live.number(clip, start_name)) {
    live.set(clip, end_name, end);
    live.set(clip, start_name, start);
  } else {
    live.set(clip, start_name, start);
    live.set(clip, end_name, end);
  }
}

function reads(clip, name, value) {
  return Math.abs(live.number(clip, name) - value) < SAME;
}

// Lets a clip loop as the plan's source does.
function loop(clip, plan, landing) {
  live.set(clip, "looping", 1);
  put_both(clip, "loop_start", plan.loop_start, "loop_end", plan.loop_end);
  put_both(clip, "start_marker", plan.start_marker, "end_marker", plan.end_marker);
  if (!live.flag(clip, "looping")) {
    landing.refused("the loop");
  } else if (!reads(clip, "loop_start", plan.loop_start) || !reads(clip, "loop_end", plan.loop_end)) {
    landing.refused("the loop's ends");
  }
  if (!reads(clip, "start_marker", plan.start_marker)) {
    landing.refused("the start");
  }
}

// Lets a clip play once, `piece`: {from, to} in its own time. Its loop's ends are its own ends then.
exports.play_once = function (clip, piece, landing) {
  var from = piece.from;
  var to = piece.to;
  live.set(clip, "looping", 0);
  put_both(clip, "start_marker", from, "end_marker", to);
  if (!reads(clip, "loop_start", from) || !reads(clip, "loop_end", to)) {
    put_both(clip, "loop_start", from, "loop_end", to);
  }
  if (live.flag(clip, "looping")) {
    landing.refused("that it does not loop");
  }
  if (!reads(clip, "start_marker", from) || !reads(clip, "end_marker", to)) {
    landing.refused("its start and end");
  }
};

function signature(clip, plan, landing) {
  if (live.number(clip, "signature_denominator") !== plan.signature_denominator) {
    live.set(clip, "signature_denominator", plan.signature_denominator);
  }
  if (live.number(clip, "signature_numerator") !== plan.signature_numerator) {
    live.set(clip, "signature_numerator", plan.signature_numerator);
  }
  if (
    live.number(clip, "signature_denominator") !== plan.signature_denominator ||
    live.number(clip, "signature_numerator") !== plan.signature_numerator
  ) {
    landing.refused("the signature");
  }
}

// Dresses a new clip of a landing (of landing.js); `piece`: what it plays of the source, or null where it plays, or
// loops, as its source does. Tells the landing what Live did not take, then calls then(), perhaps at once.
exports.dress = function (clip, label, piece, landing, then) {
  var plan = landing.plan;
  if (!live.put_text(clip, "name", plan.name + " \u00b7 " + label)) {
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
