// Waiting without holding Live up: Live does some things only after the function that asked for them has ended.

var EVERY_MS = 50;

// Calls then(true) as soon as is_so(), or then(false) after that many seconds.
exports.until = function (is_so, seconds, then) {
  var left = Math.ceil((seconds * 1000) / EVERY_MS);
  if (is_so()) {
    then(true);
    return;
  }
  var task = new Task(function () {
    left -= 1;
    if (is_so()) {
      then(true);
    } else if (left <= 0) {
      then(false);
    } else {
      task.schedule(EVERY_MS);
    }
  });
  task.schedule(EVERY_MS);
};
