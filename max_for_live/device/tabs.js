// The tabs: a box whose scripting name begins with a tab's name is shown with it, the others always.

var NAMES = ["edit_", "directions_", "setup_"];

function tab_of(varname) {
  var place;
  for (place = 0; place < NAMES.length; place += 1) {
    if (varname.slice(0, NAMES[place].length) === NAMES[place]) {
      return place;
    }
  }
  return -1;
}

// Shows the tab `index` of a patcher, from 0.
exports.show = function (patcher, index) {
  patcher.apply(function (box) {
    var tab = tab_of(String(box.varname || ""));
    if (tab >= 0) {
      box.hidden = tab !== index;
    }
    return true;
  });
};
