#!/usr/bin/env bash
# Install the servers and programs that the integration tests start natively, where they are missing: Debian and its kin.
set -euo pipefail

missing=()
compgen -G "/usr/lib/postgresql/*/bin/initdb" > /dev/null || missing+=(postgresql)
command -v redis-server > /dev/null || missing+=(redis-server)
command -v tesseract > /dev/null || missing+=(tesseract-ocr)
# Or the extra `ocr`, in the environment that runs the tests.
{ command -v ocrmypdf || [ -x .venv/bin/ocrmypdf ]; } > /dev/null || missing+=(ocrmypdf)
# MediaPipe's library wants them, though its bundler draws nothing.
PATH=$PATH:/sbin ldconfig -p | grep -q libEGL.so.1 || missing+=(libegl1)
PATH=$PATH:/sbin ldconfig -p | grep -q libGLESv2.so.2 || missing+=(libgles2)
[ ${#missing[@]} -eq 0 ] && exit 0

command -v apt-get > /dev/null || { echo "install ${missing[*]}: this machine has no apt-get" >&2; exit 1; }
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
# The tests start their own servers: none is started by the packages.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get update --quiet
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
