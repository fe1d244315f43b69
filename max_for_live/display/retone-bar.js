// The progress bar: a fraction from 0 to 1; below 0 nothing is under way and there is no bar.

mgraphics.init();
mgraphics.relative_coords = 0;
mgraphics.autofill = 0;

// Middle tones, which can be seen on Live's dark and light themes alike.
var GROUND = [0.5, 0.5, 0.5, 0.35];
var DONE = [0.1, 0.56, 0.66, 1.0];

var fraction = -1;

function paint() {
  var width = mgraphics.size[0];
  var height = mgraphics.size[1];
  if (fraction < 0) {
    return;
  }
  rounded(width, height, GROUND);
  if (fraction > 0) {
    rounded(Math.max(height, width * fraction), height, DONE);
  }
}

function rounded(width, height, colour) {
  mgraphics.set_source_rgba(colour);
  mgraphics.rectangle_rounded(0, 0, width, height, height, height);
  mgraphics.fill();
}

function msg_float(value) {
  fraction = Math.min(1, value);
  mgraphics.redraw();
}

function msg_int(value) {
  msg_float(value);
}
