#!/bin/sh
# clang-tidy over the sources, with the compile commands of the debug build.
#   lint.sh all BUILD         everything .clang-tidy asks for
#   lint.sh coroutines BUILD  only the three coroutine checks, over the code that has coroutines (fast enough for
#                             every test run)
set -eu
cd "$(dirname "$0")/.."
checks=
folders="firmware hsm ca web-admin provisioning tests"
with=.
if [ "$1" = coroutines ]; then
  checks='-*,cppcoreguidelines-avoid-reference-coroutine-parameters,cppcoreguidelines-avoid-capturing-lambda-coroutines,misc-coroutine-hostile-raii'
  with="co_await\|co_return"
fi
# g++ 14.2 may run the co_await in a branch of ?: that was not chosen: such expressions are not written here.
if grep -nE '\?[^;"]*co_await' $(find firmware ca web-admin -name '*.cc'); then
  echo "lint: no co_await inside ?:"
  exit 1
fi
# g++'s precompiled headers and options mean nothing to clang.
lint=$2/lint
mkdir -p "$lint"
sed -e 's/-Winvalid-pch//g' -e 's/-include [^ ]*cmake_pch.hxx//g' "$2/compile_commands.json" >"$lint/compile_commands.json"
find $folders -name '*.cc' -exec grep -l -e "$with" {} + | xargs -P "$(nproc)" -n 1 \
  clang-tidy -p "$lint" --quiet ${checks:+--checks="$checks"} --warnings-as-errors='*'
