# Shell functions that the start scripts of all modules share. Sourced, not run; bash 3.2 or later.
#
#   demikv_root          the project's root folder
#   demikv_java          sets JAVA to a java of 25 or later: JAVA_HOME, PATH, then the common folders
#   demikv_build MODULE [DEPENDENCY...]
#                        builds MODULE, and the modules it needs, unless it is newer than the sources
#                        of all of them; keeps the jars that MODULE runs with in a folder that no
#                        later build writes to, so that a build does not harm what is running
#   demikv_class_path MODULE
#                        prints the class path of a built module: the jars of that folder
#   demikv_train MODULE MAIN [ARG...]
#                        after a build: runs MAIN once and keeps what it loaded as MODULE's
#                        ahead-of-time cache; how it ends does not matter
#   demikv_quick_start MODULE
#                        prints JVM options for a program that runs briefly, with MODULE's
#                        ahead-of-time cache if it has one (see demikv_train)
#   demikv_utf8          makes sure that Java decodes arguments as UTF-8
#
# Messages go to standard error: standard output belongs to the program.

demikv_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

demikv_die() {
  echo "${0##*/}: $*" >&2
  exit 69 # EX_UNAVAILABLE
}

# Whether $1 is the home of a JDK or JRE of 25 or later; asks its release file, which starts nothing.
demikv_is_java25() {
  local line version
  [ -x "$1/bin/java" ] || return 1
  if [ -r "$1/release" ]; then
    while IFS= read -r line; do
      case $line in JAVA_VERSION=*) version=${line#JAVA_VERSION=\"} ;; esac
    done <"$1/release"
  else
    version=$("$1/bin/java" -XshowSettings:properties -version 2>&1 |
      sed -n 's/^ *java\.specification\.version = //p')
  fi
  version=${version%%[!0-9]*}
  [ -n "$version" ] && [ "$version" -ge 25 ]
}

demikv_java() {
  local home java link
  JAVA=
  for home in ${JAVA_HOME:+"$JAVA_HOME"}; do
    demikv_is_java25 "$home" && JAVA=$home/bin/java && return
  done
  if java=$(command -v java); then
    while link=$(readlink "$java"); do
      case $link in /*) java=$link ;; *) java=${java%/*}/$link ;; esac
    done
    home=${java%/bin/java}
    demikv_is_java25 "$home" && JAVA=$home/bin/java && return
  fi
  for home in /usr/lib/jvm/* /usr/java/* /opt/*jdk* /opt/java/* /opt/jvm/* /usr/local/*jdk* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.asdf/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    demikv_is_java25 "$home" && JAVA=$home/bin/java && return
  done
  demikv_die "needs Java 25 or later and found none; install a JDK 25 or set JAVA_HOME to one"
}

# Whether module $1 is not built, or a source of it or of the modules $2... changed since.
demikv_is_stale() {
  local stamp=$demikv_root/$1/target/.built module
  [ -s "$stamp" ] || return 0
  for module in "$@"; do
    [ -z "$(find "$demikv_root/$module/src/main" "$demikv_root/$module/pom.xml" \
      -newer "$stamp" -print 2>/dev/null | head -n 1)" ] || return 0
  done
  return 1
}

demikv_build() {
  local module=$1 target=$demikv_root/$1/target begun
  demikv_is_stale "$@" || return 0
  if ! mkdir -p "$target" "$demikv_root/libos/target" 2>/dev/null || [ ! -w "$target" ]; then
    demikv_die "$module is not built, and $target cannot be written to build it"
  fi
  # One build at a time; whoever waited finds it built.
  exec 9>"$demikv_root/libos/target/.lock" || demikv_die "cannot write $demikv_root/libos/target"
  if command -v flock >/dev/null; then flock 9; fi
  if demikv_is_stale "$@"; then
    command -v mvn >/dev/null || demikv_die "$module is not built and there is no mvn to build it"
    echo "${0##*/}: building $module ..." >&2
    begun=$(mktemp)
    if ! (cd "$demikv_root" && mvn -B -q -DskipTests -Dformat.skip=true -pl "$module" -am package \
      >"$begun.log" 2>&1 9>&-); then
      cat "$begun.log" >&2
      rm -f "$begun" "$begun.log"
      demikv_die "the build of $module failed"
    fi
    demikv_keep "$module" "$begun"
    rm -f "$begun" "$begun.log"
  fi
  exec 9>&-
}

# Keeps the jars of the built module $1 beside those of builds before. Maven writes over target/*.jar,
# also when somebody builds another module, and a Java that still reads classes from there fails.
# Removing a jar does no harm to whoever has it open.
demikv_keep() {
  local target=$demikv_root/$1/target app jar old
  app=$(mktemp -d "$target/app.XXXXXX") && chmod 755 "$app" || demikv_die "cannot write $target"
  for jar in "$target/$1"-*.jar "$target"/lib/*.jar; do
    [ ! -e "$jar" ] || cp "$jar" "$app/" || demikv_die "cannot copy $jar to $app"
  done
  printf '%s\n' "${app##*/}" >"$target/.built"
  # The stamp is as old as the beginning of the build: what changed meanwhile counts as newer.
  touch -r "$2" "$target/.built"
  rm -f "$target/$1.aot"
  for old in "$target"/app.*; do
    [ "$old" = "$app" ] || rm -rf "$old"
  done
}

demikv_class_path() {
  local jar path= app
  read -r app <"$demikv_root/$1/target/.built"
  for jar in "$demikv_root/$1/target/$app"/*.jar; do
    path=$path${path:+:}$jar
  done
  printf '%s\n' "$path"
}

demikv_quick_flags="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData
  --enable-native-access=ALL-UNNAMED"

demikv_train() {
  local module=$1 cache=$demikv_root/$1/target/$1.aot
  shift
  [ "$demikv_root/$module/target/.built" -nt "$cache" ] || return 0
  # shellcheck disable=SC2086 # the flags are words
  "$JAVA" $demikv_quick_flags "-XX:AOTCacheOutput=$cache.$$" \
    -cp "$(demikv_class_path "$module")" "$@" </dev/null >/dev/null 2>&1
  if [ -s "$cache.$$" ]; then mv -f "$cache.$$" "$cache"; else : >"$cache"; fi
}

demikv_quick_start() {
  local cache=$demikv_root/$1/target/$1.aot
  printf '%s ' $demikv_quick_flags
  if [ -s "$cache" ]; then printf '%s ' -Xlog:aot=off "-XX:AOTCache=$cache"; fi
}

demikv_utf8() {
  case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
    *[Uu][Tt][Ff]8* | *[Uu][Tt][Ff]-8*) ;;
    *) export LC_ALL=C.UTF-8 ;;
  esac
}
