// All jobs of this device: what is sent for them, and what the service says of them.

var job = require("./job");
var requests = require("./requests");

// So many ends are remembered, to confirm them again when they are told again.
var KNOWN = 200;

// A request without the id, which is another each time.
function contents(request) {
  return JSON.stringify([request[0], request.slice(2)]);
}

// `send(message)` sends a flat list to the service.
exports.create = function (send) {
  var jobs = []; // in the order in which they were asked for, until their end is confirmed
  var known = []; // the ids of those whose end was confirmed

  function find(id) {
    var place;
    for (place = 0; place < jobs.length; place += 1) {
      if (jobs[place].id === id) {
        return jobs[place];
      }
    }
    return null;
  }

  function each_unfinished(act) {
    var place;
    for (place = 0; place < jobs.length; place += 1) {
      if (!job.has_ended(jobs[place])) {
        act(jobs[place]);
      }
    }
  }

  // Says that the end of a job is known and, where it had files, landed.
  function received(id) {
    var one = find(id);
    if (one) {
      jobs.splice(jobs.indexOf(one), 1);
    }
    if (known.indexOf(id) < 0) {
      known.push(id);
    }
    if (known.length > KNOWN) {
      known.shift();
    }
    send(requests.received(id));
  }

  return {
    received: received,
    // All jobs but those whose end is confirmed.
    jobs: function () {
      return jobs;
    },
    // Asks for a job by `request`, a message of requests.js; gives the job.
    ask: function (request, about, now) {
      jobs.push(job.create(request, about, now));
      return jobs[jobs.length - 1];
    },
    // Whether a job that the service has not taken yet asks for just the same: a button was pressed twice.
    is_asked: function (request) {
      var is_asked = false;
      each_unfinished(function (one) {
        var is_open = one.state !== "kept" && !one.is_cancelled;
        is_asked = is_asked || (is_open && contents(one.request) === contents(request));
      });
      return is_asked;
    },
    // Takes in an event of replies.js. {job, event} when it says something new of a job of ours, else null.
    hear: function (event, now) {
      var one = find(event.job);
      var news = one && job.hear(one, event, now);
      if (!one && known.indexOf(event.job) >= 0 && (event.kind === "done" || event.kind === "fail")) {
        received(event.job); // It is told again: that we know it was lost on the way.
      }
      return news ? { job: one, event: news } : null;
    },
    // Sends what is due, with `reply_port` for its answers.
    tick: function (now, reply_port) {
      each_unfinished(function (one) {
        var due = job.due(one, now);
        if (due) {
          send(due === "request" ? requests.answered_at(one.request, reply_port) : requests[due](one.id, reply_port));
        }
      });
    },
    // The service answers again after it did not, or is another one: it is asked for all that has not ended.
    resume: function (now) {
      each_unfinished(function (one) {
        job.resume(one, now);
      });
    },
    // Cancels what has not ended; gives how many jobs that are. Those that were never sent are dropped at once.
    cancel: function (now) {
      var count = 0;
      var dropped = [];
      each_unfinished(function (one) {
        count += 1;
        if (job.cancel(one, now)) {
          dropped.push(one);
        }
      });
      while (dropped.length > 0) {
        jobs.splice(jobs.indexOf(dropped.pop()), 1);
      }
      return count;
    },
    // Cancels all, and says of what has ended that it is known: nobody will be here to land it.
    leave: function (now, reply_port) {
      each_unfinished(function (one) {
        if (!job.cancel(one, now)) {
          send(requests.cancel(one.id, reply_port));
        }
      });
      while (jobs.length > 0) {
        if (jobs[0].state === "done") {
          send(requests.received(jobs[0].id));
        }
        jobs.shift();
      }
    }
  };
};
