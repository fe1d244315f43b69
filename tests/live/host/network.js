// UDP as Max has it. By real time these are real sockets; by manual time packets go from port to port in here.
import dgram from "node:dgram";
import { decode, encode_as_max } from "./osc.js";

const LATENCY_MS = 1;
const HOST = "127.0.0.1";

/** The ports of this machine. `taken` are those of other programs. */
export class Network {
  constructor(clock, log) {
    this.clock = clock;
    this.log = log;
    this.taken = new Set();
    this.bound = new Map();
    this.sender = null;
  }

  send(host, port, bytes) {
    if (this.clock.real) {
      this.sender ??= dgram.createSocket("udp4");
      this.sender.send(bytes, port, host);
    } else this.clock.after(LATENCY_MS, () => this.arrive(port, bytes));
  }

  arrive(port, bytes) {
    const receiver = this.bound.get(port);
    if (receiver) receiver(bytes);
  }

  /** Calls receiver(bytes) for what comes to the port, or refused() when another has it. Gives what lets go of it. */
  bind(port, receiver, refused) {
    if (this.bound.has(port) || this.taken.has(port)) {
      refused();
      return () => {};
    }
    this.bound.set(port, receiver);
    const free = () => this.bound.get(port) === receiver && this.bound.delete(port);
    if (!this.clock.real) return free;
    const socket = dgram.createSocket({ type: "udp4" });
    let open = true;
    socket.on("error", () => {
      free();
      if (open) refused();
      open = false;
    });
    socket.on("message", (bytes) => open && receiver(bytes));
    socket.bind(port, HOST);
    return () => {
      free();
      if (open) socket.close();
      open = false;
    };
  }
}

/** [udpsend HOST PORT]: each message is a packet; `host` and `port` move it. */
export class UdpSend {
  constructor(box, [host, port]) {
    this.box = box;
    this.host = String(host);
    this.port = Number(port);
    this.most = 5096;
  }

  receive(inlet, message) {
    const [word, value] = message;
    if (word === "port") this.port = Number(value);
    else if (word === "host") this.host = String(value);
    else if (word === "maxpacketsize") this.most = Number(value);
    else this.send(message);
  }

  send(message) {
    const { device, host } = this.box;
    const bytes = encode_as_max(message);
    if (typeof message[0] !== "string") return host.error(device, "udpsend: no OSC address: " + message.join(" "));
    if (bytes.length > this.most) {
      return host.error(device, `udpsend: ${bytes.length} bytes are more than a packet takes`);
    }
    const [[address, ...values]] = decode(bytes);
    device.sent.push({ address, arguments: values, port: this.port, bytes: bytes.length });
    host.network.send(this.host, this.port, bytes);
  }
}

/** [udpreceive PORT]: one port at a time, kept until it moves or Max ends; deaf where another program has it. */
export class UdpReceive {
  constructor(box, [port]) {
    this.box = box;
    this.let_go = () => {};
    this.port = null;
    box.device.receivers.push(this);
    if (port) this.listen(Number(port));
  }

  receive(inlet, message) {
    if (message[0] !== "port") throw new Error(`udpreceive knows no ${message[0]}`);
    if (Number(message[1]) !== this.port) this.listen(Number(message[1]));
  }

  listen(port) {
    const { device, host } = this.box;
    this.let_go();
    this.port = port;
    this.let_go = host.network.bind(
      port,
      (bytes) => this.hear(bytes),
      () => {
        this.port = null;
        host.say(device, `udpreceive: Error binding to UDP port ${port}`);
      },
    );
  }

  hear(bytes) {
    const { device, host } = this.box;
    if (device.removed) return;
    let messages;
    try {
      messages = decode(bytes);
    } catch {
      return host.say(device, "udpreceive: OSC Bad message");
    }
    for (const message of messages) this.box.out(0, message);
    host.clock.drain();
  }
}
