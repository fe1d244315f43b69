// Max's own names, and nothing else: what Max calls, and what the device needs of it.
// A message calls the global function of its name, so there are none but those that Max knows.

autowatch = 0;
inlets = 1;
outlets = 4;

var this_js = this;
var this_device = require("./device").create({
  outlet: function (number, list) {
    outlet(number, list);
  },
  now: function () {
    return new Date().getTime();
  },
  // Nobody says how Max seeds its chance: with the time in it, devices that are loaded together do not draw the same.
  chance: function () {
    return (Math.random() + (new Date().getTime() % 100000) * 0.6180339887) % 1;
  },
  repeat: function (ms, act) {
    var task = new Task(act);
    task.interval = ms;
    task.repeat();
    return function () {
      task.cancel();
    };
  },
  patcher: function () {
    return this_js.patcher;
  },
  open: function (address) {
    messnamed("max", "launchbrowser", address);
  },
  note: function (text) {
    post("Retone: " + text + "\n");
  },
  fault: function (text) {
    error(text + "\n");
  }
});

function bang() {
  this_device.ready();
}

function anything() {
  this_device.hear(messagename, arrayfromargs(arguments));
}

function notifydeleted() {
  this_device.removed();
}
