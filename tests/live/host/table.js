// What the object model of one build lets Max do, from lom.json: the names of each class, and what each is.
import fs from "node:fs";

const rows = JSON.parse(fs.readFileSync(new URL("../lom.json", import.meta.url), "utf8")).names;
export const BUILDS = [...new Set(Object.values(rows).flatMap((row) => row.builds))];

/** Whether a version is a build's or newer; both as "12.0.5". */
export function at_least(version, build) {
  const a = version.split(".").map(Number);
  const b = build.split(".").map(Number);
  const differing = [0, 1, 2].find((place) => (a[place] || 0) !== (b[place] || 0));
  return differing === undefined || (a[differing] || 0) > (b[differing] || 0);
}

/** `row(type, name)` is what the build has under the name, or undefined. */
export class Table {
  constructor(build) {
    if (!BUILDS.includes(build)) throw new Error(`the table knows no build ${build}`);
    this.build = build;
  }

  row(type, name) {
    const row = rows[`${type}.${name}`];
    if (!row || !row.builds.includes(this.build)) return undefined;
    const newer = row.access_12_3 && at_least(this.build, "12.3.0");
    return newer ? { ...row, access: row.access_12_3 } : row;
  }
}

/** Why a value cannot be given for a type of the table (one as set takes it, or an argument), or "". */
export function mismatch(type, value) {
  const shown = typeof value === "object" ? JSON.stringify(value) : String(value);
  const whole = typeof value === "number" && Number.isInteger(value);
  const checks = {
    bool: () => whole && (value === 0 || value === 1),
    int: () => whole,
    long: () => whole,
    float: () => typeof value === "number" && isFinite(value),
    symbol: () => typeof value === "string" || isFinite(value),
    unicode: () => typeof value === "string" || isFinite(value),
    str: () => typeof value === "string",
  };
  const check = checks[type];
  return !check || check() ? "" : `${type} wanted, not ${shown}`;
}
