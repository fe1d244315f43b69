"""One instance of Retone.amxd in the fake of Live: what the user does to it, what it shows and sends."""

import math


class Device:
    """An instance of Retone.amxd in the set."""

    def __init__(self, live, number):
        self.live, self.number = live, number

    def _do(self, command, **given):
        return self.live._do(command, device=self.number, **given)

    def begin(self):
        """live.thisdevice bangs."""
        self._do("begin")

    def type(self, name, text, enter=False):
        """The user types a text into a field, and perhaps presses Enter."""
        self._do("type", name=name, text=text, enter=enter)

    def turn(self, name, value):
        """The user turns a knob or picks a tab: a number, or the text of an enum's place."""
        self._do("turn", name=name, value=value)

    def press(self, name):
        """The user presses a button or turns a switch over; as always in the device, Live shows the device then."""
        self._do("press", name=name)

    def control(self, name, value=None):
        """A controller presses a button (None) or turns a knob; the selection stays."""
        self._do("control", name=name, value=value)

    def value(self, name):
        return self._do("value", name=name)

    def text(self, name):
        """What stands in a box that the script writes to: status, clip, engine, time, direction1 ..."""
        return self._do("shown", what="text", name=name)

    def visible(self):
        """The scripting names of all boxes that are seen in the presentation."""
        return self._do("shown", what="visible")

    @property
    def lamp(self):
        return self._do("shown", what="number", name="lamp")

    @property
    def bar(self):
        return self._do("shown", what="number", name="bar")

    @property
    def port(self):
        """The port that its udpreceive has, or None."""
        return self._do("port")

    @property
    def packets(self):
        """All that udpsend sent: {address, arguments, port, bytes}."""
        return self.packets_from(0)

    def packets_from(self, first):
        """The same without those before the number ``first``."""
        return self._do("sent", **{"from": first})

    @property
    def sent(self):
        return [(packet["address"], packet["arguments"]) for packet in self.packets]

    def hear(self, address, *arguments):
        """A packet comes to its port."""
        self._do("hear", message=[address, *map(_carried, arguments)])

    def run(self, code):
        """Runs code in the device's script, as a message to it would; gives the value of its last expression."""
        return self._do("run", code=code)

    def remove(self):
        """The user deletes the device."""
        self._do("remove")


def _carried(argument):
    """What JSON has no word for, in words."""
    if isinstance(argument, float) and not math.isfinite(argument):
        return {"number": "NaN" if math.isnan(argument) else f"{'-' if argument < 0 else ''}Infinity"}
    return argument
