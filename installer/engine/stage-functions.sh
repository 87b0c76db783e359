# shellcheck shell=bash
# Functions that `build` and `import-upstream` share: laying out a stage and packing it. Sourced, never run.
#
# A stage is a flat folder: the programs, the shared libraries they need beside them under the names the loader asks for
# (no links), and the licence. Programs find their libraries by $ORIGIN, so the folder works wherever it is unpacked.

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "needs $program, which is not installed"
  done
}

# option_value OPTION [VALUE]: the value, or an error when the command line ends with the option.
option_value() {
  [ $# -ge 2 ] || fail "$1 needs a value (see --help)"
  printf '%s\n' "$2"
}

# needed_libraries FILE: names the dynamic loader will look for.
needed_libraries() {
  readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# stage_linux FROM STAGE PROGRAM...: copies programs, and every library in FROM that they need in turn, as plain files.
# Libraries the build's own compiler brought (OpenMP, C++ runtime) are taken from the system when FROM has none, unless
# STAGE_RUNTIME=no: a minimal machine has them not, or has older ones. CUDA's come from STAGE_TOOLKIT when it is set.
stage_linux() {
  local from=$1 stage=$2 file name source
  shift 2
  local queue=("$@")
  # Backends loaded at run time are in no NEEDED list.
  for file in "$from"/libggml-*.so; do
    # A link is the name that a program linked with the library does not ask for.
    if [ -e "$file" ] && [ ! -L "$file" ]; then queue+=("${file##*/}"); fi
  done
  mkdir -p "$stage"
  while [ ${#queue[@]} -gt 0 ]; do
    name=${queue[0]}
    queue=("${queue[@]:1}")
    [ -e "$stage/$name" ] && continue
    source=$from/$name
    if [ ! -e "$source" ]; then
      case $name in
        libgomp.so.* | libstdc++.so.* | libgcc_s.so.*)
          [ "${STAGE_RUNTIME:-yes}" = yes ] || continue
          source=$(gcc -print-file-name="$name")
          [ -e "$source" ] || fail "$name is needed and not on this system"
          ;;
        libcudart.so.* | libcublas.so.* | libcublasLt.so.*)
          [ -n "${STAGE_TOOLKIT:-}" ] || continue
          source=$STAGE_TOOLKIT/$name
          [ -e "$source" ] || fail "$name is needed and not in $STAGE_TOOLKIT"
          ;;
        # libc and its family, or a GPU driver: the node's machine has it or cannot use this engine.
        lib*.so* | ld-linux*) continue ;;
        *) fail "$from has no $name" ;;
      esac
    fi
    cp --dereference "$source" "$stage/$name"
    while read -r file; do queue+=("$file"); done < <(needed_libraries "$stage/$name")
  done
  chmod 755 "$stage"/*
}

# refuse_absolute_paths STAGE: a library looked for where the build stood is found on one machine only.
refuse_absolute_paths() {
  local file entry
  for file in "$1"/*; do
    [ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || continue
    while read -r entry; do
      # shellcheck disable=SC2016 # $ORIGIN is a word of the dynamic loader
      case $entry in
        '$ORIGIN' | '$ORIGIN/'*) ;;
        *) fail "${file##*/} looks for libraries in '$entry'; only \$ORIGIN may be named" ;;
      esac
    done < <(readelf --dynamic "$file" | sed -n 's/.*(R\(UN\)\?PATH).*\[\(.*\)\]/\2/p' | tr ':' '\n')
  done
}

# newest_libc STAGE: the oldest glibc that has every symbol the stage's files ask for.
newest_libc() {
  local file
  for file in "$1"/*; do
    [ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || continue
    readelf --version-info --wide "$file" | grep -o 'Name: GLIBC_[0-9.]*' | sed 's/.*GLIBC_//'
  done | sort --version-sort --unique | tail -n 1
}

# pack STAGE GLEANERCTL KEY OUT NAME VERSION BACKEND OS ARCH
pack() {
  local stage=$1 gleanerctl=$2 key=$3 out=$4 arguments
  command -v "$gleanerctl" >/dev/null || fail "no program $gleanerctl: build it first or give --stage-only"
  [ -r "$key" ] || fail "cannot read the release key $key"
  arguments=(--dir "$stage" --name "$5" --version "$6" --backend "$7" --os "$8" --arch "$9" --key "$key" --out "$out")
  if [ "$8" = linux ]; then
    arguments+=(--min-libc "$(newest_libc "$stage")")
  fi
  "$gleanerctl" engine pack "${arguments[@]}"
}

# publish_stage FROM TO: replaces the folder TO by a copy of FROM; refuses to replace what is not a stage.
publish_stage() {
  local from=$1 to=$2
  if [ -e "$to" ]; then
    if [ -n "$(ls -A "$to")" ] && [ -z "$(compgen -G "$to/llama-server*")" ]; then
      fail "$to exists and is not a stage: remove it or name another folder"
    fi
    rm -rf "$to"
  fi
  mkdir -p "$(dirname "$to")"
  cp -a "$from" "$to"
}
