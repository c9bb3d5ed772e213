#!/bin/sh
# Fails when a source file is not as .clang-format wants it; ./dev fmt mends that.
set -eu
cd "$(dirname "$0")/.."
find firmware hsm ca web-admin provisioning tests -name '*.cc' -o -name '*.h' 2>/dev/null | xargs clang-format --dry-run --Werror
