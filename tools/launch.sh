# What the launchers share; to be sourced with $root set. Sets $java, $java_options and, by rehearse_if_needed, $class_path and $rehearsed.

needed_major=25

# for commands that are over soon: zstd-jni for Java 22 and later links every one of its functions anew in each process (java.lang.foreign), its older classes do without, and decompress small objects quicker
quick_options=(-Djdk.util.jar.enableMultiRelease=false)

# major version of a java program, empty if it is none; a JDK says it in a file, which takes no time
java_major() {
  local release
  release=$(dirname "$(dirname "$(readlink -f "$1")")")/release
  if [ -r "$release" ] && [[ $(<"$release") =~ JAVA_VERSION=\"([0-9]+) ]]; then
    echo "${BASH_REMATCH[1]}"
    return
  fi
  "$1" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1
}

find_jdk() {
  local candidate major seen=""
  for candidate in "${JAVA_HOME:-}/bin/java" "$(command -v java || true)" \
    /usr/lib/jvm/*/bin/java /opt/*/bin/java /usr/java/*/bin/java "${HOME:-/nonexistent}"/.sdkman/candidates/java/*/bin/java "${HOME:-/nonexistent}"/.jdks/*/bin/java; do
    [ -x "$candidate" ] || continue
    major=$(java_major "$candidate")
    if [ -n "$major" ] && [ "$major" -ge "$needed_major" ] && [ -x "$(dirname "$(readlink -f "$candidate")")/javac" ]; then
      java=$candidate
      java_options=(-XX:+UseSerialGC -XX:-UsePerfData --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow "-Disochron.home=$root")
      return 0
    fi
    [ -z "$major" ] || seen="$seen $candidate ($major)"
  done
  {
    echo "isochron: no JDK $needed_major or later was found; looked at JAVA_HOME, PATH, /usr/lib/jvm, /opt, /usr/java, ~/.sdkman, ~/.jdks${seen:+; found only$seen}"
    echo "hint: install one, for example Temurin $needed_major (package temurin-$needed_major-jdk), or set JAVA_HOME to where it is."
  } >&2
  exit 1
}

# true if the module has not been built, or a source is newer than its build (the launcher's own stamp, or the jar where Maven built it)
needs_build() {
  local jar=$root/$1/target/$1.jar stamp=$root/$1/target/.built
  [ -f "$jar" ] && [ -d "$root/$1/target/lib" ] || return 0
  [ -f "$stamp" ] && [ "$stamp" -nt "$jar" ] || stamp=$jar
  [ -n "$(find "$root"/pom.xml "$root"/*/pom.xml "$root"/*/src/main "$root/tools" -newer "$stamp" -type f -print -quit 2>/dev/null)" ]
}

build_if_needed() {
  local module=$1 log maven
  needs_build "$module" || return 0
  if [ ! -w "$root" ]; then
    echo "isochron: the build in '$root' is missing or older than its sources, and the directory cannot be written" >&2
    echo "hint: run the launcher once as the user who owns it." >&2
    exit 1
  fi
  command -v mvn >/dev/null || {
    echo "isochron: Maven (mvn) was not found, it is needed for the first build" >&2
    echo "hint: install it, on Debian with: apt-get install maven" >&2
    exit 1
  }
  mkdir -p "$root/target"
  exec 8>"$root/target/.build-lock"
  flock 8
  if needs_build "$module"; then
    log=$root/target/build.log
    echo "isochron: building (first use takes a minute or two; log: $log)" >&2
    touch "$root/target/.building"
    # without the static checks: they are for those who change Isochron, and take most of the time
    mvn -B -ntp -f "$root/pom.xml" -Dfast -Dmaven.test.skip=true -Dexec.skip=true -pl "$module" -am package >"$log" 2>&1 &
    maven=$!
    local shown="" line
    while kill -0 "$maven" 2>/dev/null; do
      line=$(sed -n 's/^\[INFO\] Building \(Isochron[^0-9]*\).*\[\([0-9]*\/[0-9]*\)\].*/\2 \1/p' "$log" | tail -n 1)
      if [ -n "$line" ] && [ "$line" != "$shown" ]; then
        shown=$line
        echo "isochron:   $line" >&2
      fi
      sleep 0.3
    done
    if ! wait "$maven"; then
      grep -E '^\[ERROR\]' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
      echo "isochron: the build failed" >&2
      echo "hint: the whole log is in $log" >&2
      exit 1
    fi
    mv "$root/target/.building" "$root/$module/target/.built"
  fi
  exec 8>&-
}

# where what was rehearsed is kept: beside the build, or in the user's cache if that cannot be written; empty if nowhere
rehearsal_directory() {
  local directory
  for directory in "$root/app/target" "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/isochron/start${root//\//+}"; do
    if { [ -d "$directory" ] || mkdir -p "$directory" 2>/dev/null; } && [ -w "$directory" ]; then
      echo "$directory"
      return
    fi
  done
}

# Sets $class_path, and $rehearsed to what makes the JVM start quicker: classes loaded and linked beforehand (an AOT cache, JEP 514), and a
# native library that need not be unpacked each time. They are made once for each build and JDK, which takes some seconds, by the first
# command that gains from it. Nothing depends on them: a JVM that cannot use a cache does without.
rehearse_if_needed() {
  local jar=$root/app/target/app.jar library directory version="" cache
  class_path=$jar
  for library in "$root"/app/target/lib/*.jar; do class_path+=:$library; done
  rehearsed=()
  case "$1" in
    # they run for so long that it makes no difference, and capture's memory is counted
    capture | demo | watchdog) return 0 ;;
  esac
  [ -z "${ISOCHRON_NO_REHEARSAL:-}" ] || return 0
  local release
  release=$(dirname "$(dirname "$(readlink -f "$java")")")/release
  [ -r "$release" ] && [[ $(<"$release") =~ JAVA_RUNTIME_VERSION=\"([^\"/]+)\" ]] || return 0
  version=${BASH_REMATCH[1]}
  directory=$root/app/target
  if [ ! -w "$directory" ] && [ ! "$directory/rehearsed-$version-quick.aot" -nt "$jar" ]; then directory=$(rehearsal_directory); fi
  [ -n "$directory" ] || return 0
  cache=$directory/rehearsed-$version-quick.aot
  if [ ! "$cache" -nt "$jar" ] && [ ! "$cache.failed" -nt "$jar" ]; then
    case "$1" in
      find | history | info | init | check | backup | cut | plan | restore | restored | release | verify | backfill) rehearse "$directory" "$cache" ;;
    esac
  fi
  if [ "$cache" -nt "$jar" ]; then
    # a checksum over the whole cache: the JVM would crash on one that is damaged in its middle
    rehearsed=("${quick_options[@]}" "-XX:AOTCache=$cache" -XX:+VerifySharedSpaces -Xlog:aot*=off -Xlog:cds*=off "-Djava.library.path=$directory/rehearsed-native")
  fi
}

rehearse() {
  local directory=$1 cache=$2 made=$2.$$ native
  exec 7>"$directory/.rehearsal-lock" || return 0
  # another command is at it: this one starts as it would without
  flock -n 7 || { exec 7>&-; return 0; }
  if [ ! "$cache" -nt "$root/app/target/app.jar" ]; then
    echo "isochron: preparing quick starts (once for each build, some seconds)" >&2
    rm -rf "$directory"/rehearsed-*
    native=$(case "$(uname -m)" in x86_64) echo amd64 ;; *) uname -m ;; esac)
    mkdir -p "$directory/rehearsed-native"
    (
      cd "$directory/rehearsed-native" &&
        "$(dirname "$(readlink -f "$java")")/jar" xf "$root"/app/target/lib/zstd-jni-*.jar "linux/$native" &&
        mv "linux/$native"/* .
      rm -rf "$directory/rehearsed-native/linux"
    ) >/dev/null 2>&1 || true
    if "$java" "${java_options[@]}" "${quick_options[@]}" -Xmx192m "-XX:AOTCacheOutput=$made" -cp "$class_path" io.isochron.app.Rehearsal >"$cache.log" 2>&1 7>&- && [ -s "$made" ]; then
      # one that lost its middle with the power would not be used, and not be made again either
      sync "$made" 2>/dev/null || true
      mv "$made" "$cache"
    else
      rm -f "$made" "$made.config"
      touch "$cache.failed"
      echo "isochron: that failed, so commands start as slowly as before; log: $cache.log" >&2
    fi
  fi
  exec 7>&-
}
