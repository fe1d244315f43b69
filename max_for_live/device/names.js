// Names: of jobs and of checks, made by chance; of files and folders, taken from paths; and what opens a folder.

var HEX = "0123456789abcdef";
var WINDOWS = /^([A-Za-z]:|\\\\)/;

// A letter and 12 hex digits. `chance` gives a number from 0 up to 1, as Math.random does.
function by_chance(letter, chance) {
  var name = letter;
  while (name.length < 13) {
    name += HEX.charAt(Math.floor(chance() * 16));
  }
  return name;
}

// A job's id that nobody else has.
exports.id = function (chance) {
  return by_chance("m", chance);
};

// A text that only this check of a port says. A letter stands first, so that Max keeps it a text.
exports.nonce = function (chance) {
  return by_chance("n", chance);
};

// A path with slashes alone. A backslash is a slash on Windows only, elsewhere it belongs to a name.
function slashed(path) {
  return WINDOWS.test(path) ? path.replace(/\\/g, "/") : path;
}

exports.file = function (path) {
  return slashed(path).replace(/^.*\//, "");
};

// The folder of a file, as it was written and without a slash at its end; "" for a name alone.
exports.folder = function (path) {
  var flat = slashed(path);
  var slash = flat.lastIndexOf("/");
  // The root keeps its slash, it is all there is of it.
  return path.slice(0, slash === 0 || flat.charAt(slash - 1) === ":" ? slash + 1 : Math.max(slash, 0));
};

// What opens a folder when Max launches it. Windows opens nothing for the file:// address of a folder, and says nothing
// either, so there it is the path itself; elsewhere "/a b" is file:///a%20b.
exports.address = function (path) {
  if (WINDOWS.test(path)) {
    return path.replace(/\//g, "\\");
  }
  var parts = path.split("/");
  var place;
  for (place = 0; place < parts.length; place += 1) {
    parts[place] = encodeURIComponent(parts[place]);
  }
  return "file://" + parts.join("/");
};
