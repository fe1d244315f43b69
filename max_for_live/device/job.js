// One job as the device sees it: what is known of it, and what is to be said of it next, when.
//
// A job is {id, request, about, state, ...}; `request` is the message that asks for it, without the port for answers,
// `about` what the device keeps with it. Its states: "asked" until the service has it, "busy" while the service cannot
// take it, "kept" from then on, at last "done" or "failed".

var RESEND_MS = [250, 500, 1000, 2000, 4000];
var QUIET_MS = 5000; // a service that works says something every two seconds
var AGAIN_MS = 1000; // between two questions for what a done lacked
var CANCEL_MS = 1000;
var BUSY_MOST_MS = 30000; // no service is busy for longer without saying so again
// So often is a job asked for that the service does not know, and so often what may never come.
var TRIES = 5;
// Warnings that are over when the job is.
var PASSING = ["begun_again", "held"];

// All times are milliseconds.
exports.create = function (request, about, now) {
  return {
    id: request[1],
    request: request,
    about: about,
    state: "asked",
    is_cancelled: false,
    sent: 0, // requests in a row that were not answered
    was_sent: false,
    next: "request",
    next_at: now,
    said_at: -Infinity, // when its state was asked for last
    asked_anew: 0,
    searched: 0, // how often its directions were missed
    position: 0, // in the queue; 0: not in it
    progress: null, // the last event of this kind
    warnings: [], // those that still hold at its end
    passing: "", // the last of the others
    results: {}, // paths by index, from 1
    directions: {} // events by number, from 1
  };
};

exports.has_ended = function (one) {
  return one.state === "done" || one.state === "failed";
};

function wait(one, now) {
  one.next = one.is_cancelled ? "cancel" : "job";
  one.next_at = now + (one.is_cancelled ? CANCEL_MS : QUIET_MS);
}

function ask_anew(one, at) {
  one.state = "asked";
  one.sent = 0;
  one.next = "request";
  one.next_at = at;
}

// What is due now, "request", "job" or "cancel", or null; it is due again later.
exports.due = function (one, now) {
  var due = one.next;
  if (exports.has_ended(one) || now < one.next_at) {
    return null;
  }
  if (due === "request") {
    one.next_at = now + RESEND_MS[Math.min(one.sent, RESEND_MS.length - 1)];
    one.sent += 1;
    one.was_sent = true;
  } else {
    one.said_at = now;
    wait(one, now);
  }
  return due;
};

// The service answers again after it did not: it is asked at once for what it has of the job.
exports.resume = function (one, now) {
  one.sent = 0;
  one.next_at = now;
};

function end(one, event) {
  one.state = event.kind === "done" ? "done" : "failed";
  return event;
}

function cancelled(one) {
  return end(one, { kind: "fail", job: one.id, code: "cancelled", message: "The job was cancelled." });
}

// The user wants its end. The event of the end where the service never heard of the job, else null.
exports.cancel = function (one, now) {
  one.is_cancelled = true;
  one.next = "cancel";
  one.next_at = now;
  return one.was_sent ? null : cancelled(one);
};

// Whether more belongs to the job that is done than was heard of it.
function lacks(one, done) {
  var number;
  for (number = 1; number <= done.count; number += 1) {
    if (!one.results[number]) {
      return true;
    }
  }
  // Directions have two files each.
  for (number = 1; one.request[0] === "/retone/directions" && number <= Math.floor(done.count / 2); number += 1) {
    if (!one.directions[number] && one.searched < TRIES) {
      one.searched += 1;
      return true;
    }
  }
  return false;
}

var HEARD = {
  ack: function () {
    return null;
  },
  busy: function (one, event, now) {
    if (one.is_cancelled) {
      return cancelled(one);
    }
    ask_anew(one, now + Math.max(RESEND_MS[0], Math.min(event.retry_ms, BUSY_MOST_MS)));
    one.state = "busy";
    return null;
  },
  queued: function (one, event) {
    one.position = event.position;
    return event;
  },
  progress: function (one, event) {
    one.position = 0;
    one.progress = event;
    return event;
  },
  warning: function (one, event) {
    if (PASSING.indexOf(event.code) >= 0) {
      one.passing = event.message;
      return event;
    }
    if (one.warnings.indexOf(event.message) >= 0) {
      return null;
    }
    one.warnings.push(event.message);
    return event;
  },
  direction: function (one, event) {
    var is_new = !one.directions[event.direction];
    one.directions[event.direction] = event;
    return is_new ? event : null;
  },
  result: function (one, event) {
    one.results[event.index] = event.path;
    return null;
  },
  done: function (one, event, now) {
    if (lacks(one, event)) {
      // What is told then ends with another done. The service repeats this one meanwhile, which is no reason to hurry.
      one.next = "job";
      one.next_at = Math.max(now, one.said_at + AGAIN_MS);
      return null;
    }
    return end(one, event);
  },
  fail: function (one, event, now) {
    if (event.code === "unknown_job" && one.is_cancelled) {
      return cancelled(one);
    } else if (event.code === "unknown_job" && one.asked_anew < TRIES) {
      one.asked_anew += 1;
      ask_anew(one, now);
      return null;
    }
    return end(one, event);
  }
};

// Takes in an event of replies.js about this job; gives the one that says something new to the user, or null.
exports.hear = function (one, event, now) {
  if (exports.has_ended(one) || !HEARD.hasOwnProperty(event.kind)) {
    return null;
  }
  one.state = "kept";
  wait(one, now);
  return HEARD[event.kind](one, event, now);
};

// The paths of a job that is done, in their order.
exports.paths = function (one) {
  var paths = [];
  while (one.results[paths.length + 1]) {
    paths.push(one.results[paths.length + 1]);
  }
  return paths;
};
