// Which Live this is, and whether a device may put audio clips into its set.

var live = require("./live");

var known = null;

function numbers() {
  if (known === null) {
    var app = live.root("live_app");
    known = [
      Number(live.call(app, "get_major_version")) || 0,
      Number(live.call(app, "get_minor_version")) || 0,
      Number(live.call(app, "get_bugfix_version")) || 0
    ];
  }
  return known;
}

// Whether this Live is major.minor.bugfix or later.
exports.is_at_least = function (major, minor, bugfix) {
  var here = numbers();
  var wanted = [major, minor, bugfix];
  for (var index = 0; index < 3; index += 1) {
    if (here[index] !== wanted[index]) {
      return here[index] > wanted[index];
    }
  }
  return true;
};

// Why a device may put no audio into this Live's sets, and which Live lets it; "" where it may.
exports.refusal = function () {
  var is_twelve = exports.is_at_least(12, 0, 0);
  if (is_twelve ? exports.is_at_least(12, 0, 5) : exports.is_at_least(11, 3, 25)) {
    return "";
  }
  return "Live " + numbers().join(".") + " lets no device insert audio; " + (is_twelve ? "12.0.5" : "11.3.25")
    + " does.";
};
