"""``python -m retone_engine.models`` prints the models that are here as JSON."""

import json
import sys

from retone_engine.models import listing

json.dump([listed.plain() for listed in listing()], sys.stdout)
