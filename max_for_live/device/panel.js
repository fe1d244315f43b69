// The boxes that the js writes to: each is told only what is new to it.

var settings = require("./settings");
var words = require("./words");

// What fits, in characters: two lines of some 80 for the status, the width of the others' boxes.
exports.STATUS_LENGTH = 160;
var CLIP_LENGTH = 56;
var LABEL_LENGTH = 40;

// `send(message)` goes to the boxes.
exports.create = function (send) {
  var shown = {};

  function show(name, message) {
    var text = JSON.stringify(message);
    if (shown[name] !== text) {
      shown[name] = text;
      send([name].concat(message));
    }
  }

  // A text that is empty goes as no text at all: as one of no letters Max may show it as a pair of quotes.
  function write(name, text, most) {
    var line = words.line(text, most);
    show(name, line === "" ? ["set"] : ["set", line]);
  }

  return {
    // `view`: {status, clip, engine, time: texts; lamp: 0..3; bar: 0..1, or below 0 for none; labels: texts}.
    draw: function (view) {
      var place;
      write("status", view.status, exports.STATUS_LENGTH);
      write("clip", view.clip, CLIP_LENGTH);
      write("engine", view.engine, CLIP_LENGTH);
      write("time", view.time, CLIP_LENGTH);
      show("lamp", [view.lamp]);
      show("bar", [Math.round(view.bar * 1000) / 1000]);
      for (place = 0; place < settings.AMOUNTS; place += 1) {
        write("direction" + (place + 1), view.labels[place] || "", LABEL_LENGTH);
      }
    }
  };
};
