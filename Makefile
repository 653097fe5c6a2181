# `make run` starts the service on this computer; `make test` runs every check. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
HOST ?= 127.0.0.1
PORT ?= 8000
DATA ?= data

.PHONY: run test check clean
.DEFAULT_GOAL := run

run: $(VENV)/.runtime
	$(BIN)/grader serve $(if $(filter 127.% localhost ::1,$(HOST)),--demo) --host $(HOST) --port $(PORT) --data-dir $(DATA)

test: $(VENV)/.development
	CI=$(CI) $(MAKE) check

check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy grader service
	$(BIN)/pytest

# System packages are installed when we may (as root); without them the tests that need them say so and skip.
$(VENV)/.system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  need=""; \
	  "$(PYTHON)" -c "import ensurepip" 2>/dev/null || need="$$need python3-venv"; \
	  [ -n "$(FOR_TESTS)" ] && { command -v chromium >/dev/null || need="$$need chromium"; }; \
	  [ -n "$(FOR_TESTS)" ] && { [ -d /usr/share/fonts/opentype/noto ] || need="$$need fonts-noto-cjk"; }; \
	  [ -n "$(FOR_TESTS)" ] && { /usr/bin/python3 -c "from tests.rtsp_server import why_missing as why; raise SystemExit(why('vp8') or why('h264'))" 2>/dev/null || \
	    need="$$need gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"; }; \
	  [ -n "$(FOR_TESTS)" ] && { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need="$$need postgresql"; }; \
	  if [ -n "$$need" ]; then apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$need; fi; \
	fi

$(BIN)/python:
	$(MAKE) $(VENV)/.system
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	$(PIP) --editable .
	touch $@

$(VENV)/.development: pyproject.toml | $(BIN)/python
	$(MAKE) $(VENV)/.system FOR_TESTS=1
	$(PIP) --editable '.[training,dev]'
	touch $@

clean:
	rm -rf $(VENV) data runs out
