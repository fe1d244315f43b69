// Texts for the user: fitted to their place, and the words for stages, times and numbers.
// What is no ASCII is written as \u....: nobody promises how Max reads a script's bytes.

exports.DOT = " \u00b7 ";
var CUT = "\u2026";

// What the user is told of a stage.
exports.STAGES = {
  load: "loading",
  read: "reading",
  encode: "encoding",
  invert: "inverting",
  find: "finding",
  replay: "editing",
  decode: "decoding",
  write: "writing"
};

// One line of at most `most` characters, cut at its end; never inside a letter of two halves, which would be no text.
exports.line = function (text, most) {
  var flat = String(text).replace(/\s+/g, " ").replace(/^ | $/g, "");
  return flat.length > most ? flat.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "") + CUT : flat;
};

// A path of at most `most` characters, cut at its beginning: its end tells more.
exports.path = function (path, most) {
  return path.length > most ? CUT + path.slice(path.length - most + 1).replace(/^[\uDC00-\uDFFF]/, "") : path;
};

function two(number) {
  return (number < 10 ? "0" : "") + number;
}

// "0:07", "12:30", "1:02:30" for seconds.
exports.time = function (seconds) {
  var whole = Math.floor(seconds + 0.5);
  var hours = Math.floor(whole / 3600);
  var minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? hours + ":" + two(minutes) + ":" + two(whole % 60) : minutes + ":" + two(whole % 60);
};

// "1 job", "3 jobs".
exports.count = function (number, thing) {
  return number + " " + thing + (number === 1 ? "" : "s");
};

// Several sentences as one text; those that are empty are left out.
exports.sentences = function (parts) {
  var said = [];
  var place;
  for (place = 0; place < parts.length; place += 1) {
    if (parts[place]) {
      said.push(/[.!?\u2026]$/.test(parts[place]) ? parts[place] : parts[place] + ".");
    }
  }
  return said.join(" ");
};
