// Landings one after another: Live does what a landing asks for in steps, and two at once would take each other's
// slots.

var LIMIT_MS = 60000;
var LATE = "Live has not come to an end with the landing after a minute; Show File opens the folder of the result.";

// `land(one, on_end)` lands one job's files and calls `on_end(result)` once; `on_landed(one, result)` hears of it.
exports.create = function (land, on_landed) {
  var waiting = [];
  var current = null;
  var late_at;

  function finish(one, result) {
    if (current === one) {
      current = null;
      on_landed(one, result);
    }
  }

  return {
    add: function (one) {
      waiting.push(one);
    },
    // Begins what is next. `now` is in milliseconds.
    tick: function (now) {
      if (current !== null && now >= late_at) {
        finish(current, { landed: 0, not_landed: [], sentence: LATE });
      }
      if (current === null && waiting.length > 0) {
        var one = current = waiting.shift();
        late_at = now + LIMIT_MS;
        land(one, function (result) {
          finish(one, result);
        });
      }
    }
  };
};
