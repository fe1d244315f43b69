"""``python -m retone_engine.models`` prints which models there are as JSON; with a NAME, that model's folder."""

import json
import sys

from retone_engine.models import find, listing
from retone_engine.request import RetoneError

named = sys.argv[1:]
try:
    told = str(find(named[0])) if named else [listed.plain() for listed in listing()]
except RetoneError as error:
    sys.exit(f"{error.code}: {error.message}")
json.dump(told, sys.stdout)
