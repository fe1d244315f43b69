// The only file that touches LiveAPI, but for observers: objects of Live by their ids, with one LiveAPI that is pointed
// from one to the next. Nothing here may run before live.thisdevice has banged, or inside a notification.
//
// Where an object is gone, or a name unknown to this Live, reading gives nothing (undefined, 0, "", []): Live itself
// prints why to the Max console and throws nothing, so what matters is read back.

var LEAST = 0.0001;

var cursor = null;

// Points the cursor at an object; false where there is none. A refused id leaves the cursor where it was. What points
// to an object that goes keeps its id and loses its path, and from then on reads 1 for all that it had.
function at(id) {
  if (!id) {
    return false;
  }
  if (cursor === null) {
    cursor = new LiveAPI("live_set");
  }
  if (Number(cursor.id) !== Number(id)) {
    cursor.id = Number(id);
  }
  return Number(cursor.id) === Number(id) && String(cursor.unquotedpath) !== "";
}

function listed(value) {
  if (value === undefined || value === null) {
    return [];
  }
  return value instanceof Array || typeof value === "object" ? value : [value];
}

// The id at one of Live's roots: "live_set", "live_set view", "live_app".
exports.root = function (path) {
  if (cursor === null) {
    cursor = new LiveAPI(path);
  }
  cursor.path = path;
  return Number(cursor.id);
};

// The object's path without quotation marks, such as `live_set tracks 0 clip_slots 2 clip`; "" where it is gone.
exports.path = function (id) {
  return at(id) ? String(cursor.unquotedpath) : "";
};

exports.get = function (id, name) {
  return at(id) ? listed(cursor.get(name))[0] : undefined;
};

exports.number = function (id, name) {
  return Number(exports.get(id, name));
};

exports.flag = function (id, name) {
  return Number(exports.get(id, name)) === 1;
};

// Max may hand over a name such as 808 as a number, and one with spaces in pieces.
exports.text = function (id, name) {
  var value = at(id) ? listed(cursor.get(name)) : [];
  return Array.prototype.slice.call(value).join(" ");
};

// The ids of an object's children ("tracks", "clip_slots" ...), in Live's order.
exports.children = function (id, name) {
  var value = at(id) ? listed(cursor.get(name)) : [];
  var ids = [];
  for (var index = 0; index + 1 < value.length; index += 2) {
    if (value[index] === "id" && Number(value[index + 1])) {
      ids.push(Number(value[index + 1]));
    }
  }
  return ids;
};

// The id of an object's only child of this name ("clip", "mixer_device" ...), 0 where it has none.
exports.child = function (id, name) {
  return exports.children(id, name)[0] || 0;
};

// A property that is a dictionary, without the name that Live wraps it in; null where it cannot be read.
exports.dictionary = function (id, name) {
  var value = exports.text(id, name);
  try {
    return JSON.parse(value)[name] || null;
  } catch (fault) {
    return null;
  }
};

// A number as Max can tell it to Live: in words, where 0.00001 is 1e-05, and that is a text to Live.
function told(value) {
  return typeof value === "number" && Math.abs(value) < LEAST ? 0 : value;
}

// A text for a Max that would part it at its spaces on its way to Live.
exports.quoted = function (text) {
  return "\"" + text.replace(/"/g, "&quot;") + "\"";
};

exports.set = function (id, name, value) {
  if (at(id)) {
    cursor.set(name, told(value));
  }
};

// Sets a property that holds an object, such as what is selected.
exports.choose = function (id, name, chosen) {
  if (at(id)) {
    cursor.set(name, "id", chosen);
  }
};

// Whether a number reads as `value`, to `tolerance`.
exports.reads = function (id, name, value, tolerance) {
  return Math.abs(exports.number(id, name) - value) <= (tolerance || 0);
};

// Sets a number where it is another, as each write is a step of Live's undo history; says whether it reads back.
exports.put = function (id, name, value, tolerance) {
  if (!exports.reads(id, name, value, tolerance)) {
    exports.set(id, name, value);
  }
  return exports.reads(id, name, value, tolerance);
};

exports.put_text = function (id, name, value) {
  if (exports.text(id, name) !== value) {
    exports.set(id, name, value);
  }
  if (exports.text(id, name) !== value) {
    exports.set(id, name, exports.quoted(value));
  }
  return exports.text(id, name) === value;
};

// Calls a function of the object's with at most two arguments, and gives what Live gave.
exports.call = function (id, name, first, second) {
  if (!at(id)) {
    return undefined;
  }
  if (second !== undefined) {
    return cursor.call(name, told(first), told(second));
  }
  return first !== undefined ? cursor.call(name, told(first)) : cursor.call(name);
};

// Lets go of Live, before the device goes.
exports.close = function () {
  cursor = null;
};
