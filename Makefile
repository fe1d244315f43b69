# `make demo` and `make test` are all that a fresh machine needs; both make the virtual environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Threads that spin while they wait take the core from the one they wait for when the machine is busy.
export OMP_WAIT_POLICY ?= passive

.PHONY: demo test lint bench bench-gpu faults soak reliability tradeoff pocket index device protocol clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test,lint]"
	touch $@

demo: $(VENV)/.installed
	$(BIN)/retone demo --out demo-output

# These compute or wait and measure no time: two at once. What breaks and times the service has the machine to itself,
# and what logs letters that no process can send to another one runs in one.
SIDE_BY_SIDE := tests/bridge tests/contract tests/engine tests/install tests/live tests/reaper
IN_ONE := tests/bridge/test_logs.py
test: $(VENV)/.installed
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --ignore=$(IN_ONE) $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest $(IN_ONE)
	$(BIN)/python -m pytest $(addprefix --ignore=,$(SIDE_BY_SIDE))

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@command -v luacheck >/dev/null || echo "luacheck (Debian: lua-check) is not here: the Lua scripts were not checked"
	! command -v luacheck >/dev/null || luacheck --quiet reaper_scripts

bench: $(VENV)/.installed
	$(BIN)/python engine/benchmarks/speed.py
	$(BIN)/python engine/benchmarks/lengths.py
	$(BIN)/python engine/benchmarks/joins.py
	$(BIN)/python engine/benchmarks/audio_quality.py

# AudioLDM2 and Stable Audio Open at full size, with random weights: for a GPU.
bench-gpu: $(VENV)/.installed
	$(BIN)/python engine/benchmarks/full_size.py --block 16 32 64 --compile

# The long versions of the campaigns against the service: hours, but for the soak. Some need root, gcc and ip.
CAMPAIGNS := delivery kills isolation cancels pressure packets intruders bad_files disk landings live_landings live_kills
faults: $(VENV)/.installed
	cd tests && for name in $(CAMPAIGNS); do $(abspath $(BIN))/python -m faults.$$name || exit 1; done

# An hour: make soak MINUTES=60
MINUTES ?= 5
soak: $(VENV)/.installed
	cd tests && $(abspath $(BIN))/python -m faults.soak --minutes $(MINUTES)

# The table of what they found, docs/reliability.md; what has not been run yet is run in its small version.
reliability: $(VENV)/.installed
	cd tests && $(abspath $(BIN))/python -m faults.report

# Needs what `make pocket` leaves: the music and the judges. A killed run goes on.
tradeoff: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[train,bench]"
	$(BIN)/python engine/benchmarks/tradeoff.py --work build/pocket --picture docs/pictures/tradeoff.png

# The pocket model from nothing: hours on a CPU; needs fluidsynth and the FluidR3 soundfont. A killed run goes on.
pocket: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[train]"
	$(BIN)/python engine/training/make.py --work build/pocket

# ReaPack's index.xml for a release: make index URL=https://HOST/OWNER/REPOSITORY TAG=v0.1.0
index: $(VENV)/.installed
	$(BIN)/python reaper_scripts/make_index.py "$(URL)" "$(TAG)"

# max_for_live/Retone.amxd, after a change of its sources.
device: $(VENV)/.installed
	$(BIN)/python max_for_live/build.py

protocol: $(VENV)/.installed
	$(BIN)/python -m retone_bridge.document > bridge/PROTOCOL.md

clean:
	rm -rf $(VENV) demo-output
