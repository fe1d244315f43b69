// How jobs end: files are landed, directions told, what went wrong is said; then the service hears that it is known.

var found = require("./found");
var job = require("./job");
var names = require("./names");
var words = require("./words");

// A line holds so much of a path beside why a device may not insert, and less beside what Live did not take.
var PATH_LENGTH = 50;
var SHORT_PATH_LENGTH = 30;
var UNSAVED = "The set is not saved: save it, then File > Collect All and Save keeps the audio with it";

// What a job's files are called, as landing.js takes them.
function files_of(one) {
  var paths = job.paths(one);
  var files = [];
  var place;
  for (place = 0; place < paths.length; place += 1) {
    files.push({ path: paths[place], label: one.about.label + (paths.length > 1 ? " " + (place + 1) : "") });
  }
  return files;
}

// Where files are that did not land.
function where(paths, most) {
  if (paths.length === 1) {
    return words.path(paths[0], most) + ": drag it from the folder that Show File opens";
  }
  return paths.length + " files such as " + names.file(paths[0]) + ": drag them from the folder that Show File opens";
}

// `parts`: {client, land (see landings.js), refusal (of version.js), tell(text)}.
exports.create = function (parts) {
  var last_path = "";

  function told(one, paths) {
    var count = Math.floor(paths.length / 2); // a preview of each way
    one.about.found.is_done = true;
    return words.count(count, "direction") + " found. Turn the knobs, then press Steer. Show File opens previews of "
      + "both ways along each";
  }

  function done(one) {
    var paths = job.paths(one);
    last_path = paths[0] || last_path;
    if (one.request[0] === "/retone/directions") {
      parts.tell(words.sentences([told(one, paths)].concat(one.warnings)));
      parts.client.received(one.id);
    } else if (parts.refusal) {
      parts.tell(words.sentences([where(paths, PATH_LENGTH), parts.refusal].concat(one.warnings)));
      parts.client.received(one.id);
    } else {
      parts.land(one);
    }
  }

  return {
    // Takes in what client.hear gave.
    hear: function (news) {
      var one = news.job;
      if (news.event.kind === "direction" && one.about.found) {
        one.about.found.labels[news.event.direction - 1] = found.label(news.event, one.about.plan);
      } else if (news.event.kind === "done") {
        done(one);
      } else if (news.event.kind === "fail") {
        var is_one_of_several = parts.client.jobs().length > 1;
        var of = is_one_of_several ? "'" + words.line(one.about.name, 30) + "': " : "";
        var message = news.event.message || "The service made nothing of it, and says no reason.";
        message = one.is_cancelled && news.event.code === "cancelled" ? "Cancelled." : of + message;
        parts.tell(words.sentences([message].concat(one.warnings)));
        parts.client.received(one.id);
      }
    },
    files_of: files_of,
    // A job's files have landed, or not, as landing.js says.
    landed: function (one, result) {
      var left = result.not_landed.length > 0 ? where(result.not_landed, SHORT_PATH_LENGTH) : "";
      var unsaved = one.about.plan.set_folder || result.landed === 0 ? "" : UNSAVED;
      parts.tell(words.sentences([result.sentence, left].concat(one.warnings, unsaved)));
      parts.client.received(one.id);
    },
    // The path of the last result, or "".
    last_path: function () {
      return last_path;
    }
  };
};
