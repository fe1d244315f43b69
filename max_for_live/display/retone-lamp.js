// The lamp beside the engine's state. 0: no service (a ring), 1: starting or waiting (half), 2: ready (full),
// 3: trouble (full, with a bar). The shape says it too, for those who see no difference of the colours.

mgraphics.init();
mgraphics.relative_coords = 0;
mgraphics.autofill = 0;

// Middle tones, which can be seen on Live's dark and light themes alike.
var RING = [0.5, 0.5, 0.5, 1.0];
var COLOURS = [RING, [0.87, 0.58, 0.1, 1.0], [0.2, 0.65, 0.33, 1.0], [0.86, 0.27, 0.23, 1.0]];

var state = 0;

function paint() {
  var width = mgraphics.size[0];
  var height = mgraphics.size[1];
  var room = Math.min(width, height) - 2;
  var left = (width - room) / 2;
  var top = (height - room) / 2;
  mgraphics.set_source_rgba(COLOURS[state]);
  mgraphics.set_line_width(1.5);
  mgraphics.ellipse(left, top, room, room);
  mgraphics.stroke();
  if (state === 1) {
    mgraphics.arc(width / 2, height / 2, room / 2, Math.PI / 2, Math.PI * 1.5);
    mgraphics.fill();
  } else if (state > 1) {
    mgraphics.ellipse(left, top, room, room);
    mgraphics.fill();
  }
  if (state === 3) {
    mgraphics.set_source_rgba([1.0, 1.0, 1.0, 1.0]);
    mgraphics.rectangle(left + room * 0.22, height / 2 - 1, room * 0.56, 2);
    mgraphics.fill();
  }
}

function msg_int(value) {
  state = Math.max(0, Math.min(COLOURS.length - 1, value));
  mgraphics.redraw();
}

function msg_float(value) {
  msg_int(Math.round(value));
}
