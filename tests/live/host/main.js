// The fake as a process: a line {do, ...} in, a line {result} or {error} out.
import readline from "node:readline";
import { Host } from "./host.js";

let host = null;
// What goes wrong between two commands is told with the next one.
let broken = null;
process.on("uncaughtException", (error) => {
  broken ??= error;
});

function answer({ do: command, ...given }) {
  if (command === "open") {
    broken = null;
    host = new Host(given);
    return null;
  }
  const result = host[command](given);
  host.clock.drain();
  return result ?? null;
}

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", (line) => {
  let out;
  try {
    if (broken) throw broken;
    out = JSON.stringify({ result: answer(JSON.parse(line)) });
  } catch (error) {
    out = JSON.stringify({ error: String((error && error.stack) || error) });
  }
  // Sockets are bound in node's next turn, those of Max at once: whoever asks is told after that.
  const tell = () => process.stdout.write(out + "\n");
  if (host && host.clock.real) setImmediate(tell);
  else tell();
});
lines.on("close", () => process.exit(0));
