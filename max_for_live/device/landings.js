// Landings one after another: Live does what a landing asks for in steps, and two at once would take each other's
// slots.

// `land(one, on_end)` lands one job's files and calls `on_end(result)` once, perhaps at once; `on_landed(one, result)`
// hears of it. Gives the function that takes a job whose files are to land.
exports.create = function (land, on_landed) {
  var waiting = [];
  var is_landing = false;

  function next() {
    var one = waiting.shift();
    if (one === undefined) {
      return;
    }
    is_landing = true;
    land(one, function (result) {
      is_landing = false;
      on_landed(one, result);
      next();
    });
  }

  return function (one) {
    waiting.push(one);
    if (!is_landing) {
      next();
    }
  };
};
