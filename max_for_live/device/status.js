// What the status line says, and the bar and the time beside it: from what is under way, what was said last, and what
// is wrong.

var job = require("./job");
var words = require("./words");

// So long a sentence stands before everything else.
var FRESH_MS = 6000;

var WORK = {
  "/retone/edit": "Edit of",
  "/retone/directions": "Directions of",
  "/retone/steer": "Steer of"
};

// The job that is told of: the one that runs, else the first.
function foremost(jobs) {
  var place;
  for (place = 0; place < jobs.length; place += 1) {
    if (jobs[place].progress !== null) {
      return jobs[place];
    }
  }
  return jobs[0];
}

// "editing, 0:12 left".
function stage_of(one) {
  var stage = words.STAGES.hasOwnProperty(one.progress.stage) ? words.STAGES[one.progress.stage] : one.progress.stage;
  // The service's guess may have come to nothing before the work has.
  return one.progress.seconds_left < 0.5 ? stage : stage + ", " + words.time(one.progress.seconds_left) + " left";
}

// `seeking`: what is looked for before the service can be asked, or "".
function state_of(one, seeking) {
  if (one.state === "done") {
    return "landing";
  } else if (one.is_cancelled) {
    return "cancelling";
  } else if (one.state === "busy") {
    return "too many jobs wait already, so it is asked for again soon";
  } else if (one.state === "asked") {
    return seeking || "asking the service";
  } else if (one.position > 0) {
    return "waits, number " + one.position + " in the queue";
  } else if (one.progress === null) {
    return "waits";
  }
  return stage_of(one);
}

function job_line(jobs, seeking) {
  var one = foremost(jobs);
  var title = WORK[one.request[0]] + " '" + words.line(one.about.name, 30) + "': " + state_of(one, seeking);
  var others = jobs.length > 1 ? " (and " + words.count(jobs.length - 1, "more job") + ")" : "";
  return words.sentences([title + others].concat(one.warnings, one.passing));
}

// Who waits while something is wrong: "2 jobs wait for it".
function waiting(jobs) {
  var count = jobs.filter(function (one) {
    return !one.is_cancelled;
  }).length;
  if (count === 0) {
    return jobs.length > 0 ? "The cancel waits for it" : "";
  }
  return words.count(count, "job") + (count === 1 ? " waits" : " wait") + " for it";
}

// Whether `said`, {text, at}, has stood long enough.
exports.is_old = function (said, now) {
  return now >= said.at + FRESH_MS;
};

// `view`: {now, said: {text, at} or null, trouble: what is wrong with the service or the port, or "", seeking: what is
// looked for, or "", jobs, hint: what to do next}. Gives {status, time, bar}; a bar below 0 is none.
exports.compose = function (view) {
  var one = view.jobs.length > 0 ? foremost(view.jobs) : null;
  var runs = one !== null && one.progress !== null && one.position === 0 && !job.has_ended(one);
  var status = view.hint;
  if (view.said && !exports.is_old(view.said, view.now)) {
    status = view.said.text;
  } else if (view.trouble) {
    status = words.sentences([view.trouble, waiting(view.jobs)]);
  } else if (one) {
    status = job_line(view.jobs, view.seeking);
  } else if (view.said) {
    status = view.said.text;
  }
  return {
    status: status,
    time: runs && !view.trouble ? stage_of(one) : "",
    bar: one === null ? -1 : job.has_ended(one) ? 1 : one.progress === null ? 0 : Math.max(0, one.progress.fraction)
  };
};
