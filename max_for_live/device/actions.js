// What a press of a button does.

var names = require("./names");
var requests = require("./requests");
var words = require("./words");

var SEEDS = 100000;
var LABEL_LENGTH = 60;
var FOLDER_LENGTH = 120;

var NO_PROMPT = "Type a prompt first: what the clip should sound like.";
var NO_RESULT = "There is no result yet whose folder could be opened.";
var NOTHING = "Nothing is under way.";

// "direction 1 +0.50, 3 -0.80" of requests.pushes.
function steered(pushes) {
  var parts = [];
  var place, amount;
  for (place = 0; place < pushes.length; place += 1) {
    amount = pushes[place][1];
    parts.push(pushes[place][0] + (amount < 0 ? " " : " +") + amount.toFixed(2));
  }
  return "direction " + parts.join(", ");
}

// `parts`: {held (see settings.js), client, found, plan() of the selected clip (see source.js) or {sentence},
// say(sentence), begun() when a job was asked for, is_there() of the service, last_path() of a result or "",
// chance(), open(address), send_seed(seed)}.
exports.create = function (parts) {
  var held = parts.held;

  // Asks for the job of `request`, unless just this was asked for a moment ago.
  function ask(request, about, now) {
    var refusal = requests.refusal(request);
    if (refusal) {
      parts.say(refusal);
    } else if (!parts.client.is_asked(request)) {
      parts.begun();
      return parts.client.ask(request, about, now);
    }
    return null;
  }

  // Calls `act(plan)` with the selected clip's plan, read at this moment; or says why there is none.
  function with_plan(act) {
    var plan = parts.plan();
    if (plan.sentence) {
      parts.say(plan.sentence);
    } else {
      act(plan);
    }
  }

  return {
    edit: function (now) {
      with_plan(function (plan) {
        if (!held.prompt) {
          parts.say(NO_PROMPT);
          return;
        }
        var about = { name: plan.name, plan: plan, label: words.line(held.prompt, LABEL_LENGTH) };
        ask(requests.edit(names.id(parts.chance), plan, held), about, now);
      });
    },
    find: function (now) {
      with_plan(function (plan) {
        var about = { name: plan.name, plan: plan, label: "", found: null };
        if (ask(requests.directions(names.id(parts.chance), plan, held), about, now)) {
          about.found = parts.found.begin(plan, held);
        }
      });
    },
    steer: function (now) {
      with_plan(function (plan) {
        var settings = parts.found.settings(plan, held);
        var pushes = requests.pushes(held.amounts, settings.count);
        if (pushes.length === 0) {
          parts.say("Turn a knob first: " + (settings.count > 1 ? "the amounts of directions 1 to " + settings.count
            + " are all 0." : "the amount of direction 1 is 0."));
          return;
        }
        var about = { name: plan.name, plan: plan, label: steered(pushes) };
        ask(requests.steer(names.id(parts.chance), plan, pushes, settings), about, now);
      });
    },
    cancel: function (now) {
      if (parts.client.cancel(now) === 0) {
        parts.say(NOTHING);
      } else if (parts.client.jobs().length === 0) {
        parts.say("Cancelled.");
      } else if (!parts.is_there()) {
        parts.say("Cancelled; the service is told when it answers again.");
      }
    },
    show_file: function () {
      var path = parts.last_path();
      if (path) {
        parts.open(names.address(names.folder(path)));
        // Nobody tells whether the system has opened it, so the status names it, too.
        parts.say("The result lies in " + words.path(names.folder(path), FOLDER_LENGTH));
      } else {
        parts.say(NO_RESULT);
      }
    },
    new_seed: function () {
      held.seed = Math.floor(parts.chance() * SEEDS);
      parts.send_seed(held.seed);
    }
  };
};
