"""Undo: a project's earlier states by what made the later ones.

A state is what every thing of the project held, so that going back gives the very same things back and pointers to
them live again.
"""


class Undo:
    def __init__(self, project):
        self.project = project
        self.steps = []
        self.depth = 0
        self.loose = []
        self.blocks = 0
        self._before = None

    @property
    def names(self):
        """The steps so far, oldest first."""
        return [name for name, _state in self.steps]

    def begin(self):
        if self.depth == 0:
            self._before = self._state()
        self.depth += 1
        self.blocks += 1

    def end(self, name):
        """Gives False where no block was open."""
        if self.depth == 0:
            return False
        self.depth -= 1
        if self.depth == 0:
            self.steps.append((name, self._before))
        return True

    def add(self, name):
        """A step without a block; what it would take back is not known, so that it takes back nothing."""
        self.steps.append((name, self._state()))

    def changed(self, call):
        """Notes a change that no block holds."""
        if self.depth == 0:
            self.loose.append(call)

    def back(self):
        """Takes the last step back and gives its name."""
        name, state = self.steps.pop()
        for thing, held in state:
            thing.__dict__.update(_copied(held))
        return name

    def _state(self):
        project = self.project
        things = [project, project.master, *project.tracks]
        things += [send for track in things[1:] for send in track.sends]
        things += [effect for track in things[1 : 2 + len(project.tracks)] for effect in track.effects]
        things += project.items
        things += [take for item in project.items for take in item.takes]
        return [(thing, _copied(vars(thing))) for thing in things]


def _copied(held):
    """A thing's own values, with its lists and tables copied; where one stands in undo and tabs stays."""
    kept = {key: value for key, value in held.items() if key not in ("undo", "alive")}
    return {key: value.copy() if isinstance(value, list | dict) else value for key, value in kept.items()}
