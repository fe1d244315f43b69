// A vm context with ES5's globals alone: what Max's [js] knows, and nothing that came later.
import vm from "node:vm";

const GLOBALS = `Object Function Array String Boolean Number Date RegExp Error EvalError RangeError ReferenceError
  SyntaxError TypeError URIError Math JSON NaN Infinity undefined eval parseInt parseFloat isNaN isFinite
  decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape`.split(/\s+/);

const MEMBERS = {
  Object: `prototype name length create keys defineProperty defineProperties getPrototypeOf getOwnPropertyNames
    getOwnPropertyDescriptor preventExtensions isExtensible seal isSealed freeze isFrozen`,
  "Object.prototype": `constructor toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable
    __proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__`,
  "Function.prototype": "constructor length name arguments caller apply bind call toString",
  Array: "prototype name length isArray",
  "Array.prototype": `constructor length concat join pop push reverse shift slice sort splice unshift toString
    toLocaleString indexOf lastIndexOf every some forEach map filter reduce reduceRight`,
  String: "prototype name length fromCharCode",
  "String.prototype": `constructor length charAt charCodeAt concat indexOf lastIndexOf localeCompare match replace
    search slice split substr substring toLowerCase toLocaleLowerCase toUpperCase toLocaleUpperCase trim toString
    valueOf`,
  Number: "prototype name length MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY",
  "Number.prototype": "constructor toExponential toFixed toLocaleString toPrecision toString valueOf",
  Math: `E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil cos exp floor log max min pow random
    round sin sqrt tan`,
  JSON: "parse stringify",
};

// RegExp.prototype keeps its newer getters, as V8's own replace and split read them.
const STRIP = `(function (globals, members) {
  var root = this, objects = {}, path, name;
  function keep(object, names) {
    Object.getOwnPropertyNames(object).forEach(function (name) {
      if (names.indexOf(name) < 0) delete object[name];
    });
  }
  for (path in members) {
    objects[path] = path.split(".").reduce(function (object, name) { return object[name]; }, root);
  }
  var own = Object.getOwnPropertyNames, each = Array.prototype.forEach;
  for (path in members) if (path !== "Object") keep(objects[path], members[path].split(/\\s+/));
  own(root).forEach(function (name) { if (globals.indexOf(name) < 0) delete root[name]; });
  keep(objects.Object, members.Object.split(/\\s+/));
})`;

const contexts = new WeakMap();

/** The global object of a fresh context. */
export function es5_global() {
  const context = vm.createContext({});
  const global = vm.runInContext("this", context);
  contexts.set(global, context);
  vm.runInContext(STRIP, context).call(global, GLOBALS, MEMBERS);
  return global;
}

/** Runs code there; returns its last value. Errors name `filename`. */
export function run_in(global, code, filename) {
  return vm.runInContext(code, contexts.get(global), { filename });
}

/** A copy of plain data whose arrays and objects are those of that global. */
export function carried(global, value) {
  if (Array.isArray(value)) {
    const list = new global.Array();
    for (const one of value) list.push(carried(global, one));
    return list;
  }
  if (value !== null && typeof value === "object") {
    const object = new global.Object();
    for (const name of Object.keys(value)) object[name] = carried(global, value[name]);
    return object;
  }
  return value;
}
