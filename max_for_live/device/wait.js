// Waiting without holding Live up: Live does some things only after the function that asked for them has ended.

var EVERY_MS = 50;

var waiting = []; // Tasks

function leave(task) {
  waiting.splice(waiting.indexOf(task), 1);
}

// Calls then(true) as soon as is_so(), or then(false) after that many seconds.
exports.until = function (is_so, seconds, then) {
  var left = Math.ceil((seconds * 1000) / EVERY_MS);
  if (is_so()) {
    then(true);
    return;
  }
  var task = new Task(function () {
    var came = is_so();
    left -= 1;
    if (came || left <= 0) {
      leave(task);
      then(came);
    } else {
      task.schedule(EVERY_MS);
    }
  });
  waiting.push(task);
  task.schedule(EVERY_MS);
};

// Ends all waiting; nothing is called any more.
exports.stop = function () {
  while (waiting.length > 0) {
    waiting.pop().cancel();
  }
};
