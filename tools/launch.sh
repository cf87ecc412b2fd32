# What the launchers share; to be sourced with $root set. Sets $java and $java_options.

needed_major=25

# major version of a java program, empty if it is none
java_major() {
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
