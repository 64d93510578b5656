/**
 * The loop that runs on the server: `sh -c LOOK_SCRIPT gatelight-look`. It reads one request a line from standard input and ends with it.
 * Nothing but shell builtins (dash, bash, busybox ash), so that a look starts no process; the pace is set by who asks.
 *
 * Request: `TAG PID API RELAY VNC MORE`: ports as four upper-case hex digits; MORE is `1` to read netstat and unix as well, else `0`.
 * Answer, each line beginning with `@ TAG` for frames:
 *   `@ TAG same`     the sockets are as in this pid's last answer (netstat, unix and screen lines may precede it)
 *   `@ TAG none WHY` the tables of this pid cannot be read (`gone`, `unreadable`, `bad`)
 *   `4|6 LOCAL REMOTE STATE QUEUES INODE` …, `n OVERFLOWS DROPS`, `x 0|1|?`, `v STATE RAN FOREVER DISPLAY`,
 *   then `@ TAG end` (`@ TAG cut` when rows were left out)
 * `v`: where x11vnc runs as a child or grandchild of PID (looked for with MORE): its state letter, the ns it has run (/proc/PID/schedstat), whether it
 * was told to outlive its first viewer, and the state letter of Xvfb; `-` where one cannot be read. Its command line, where a password may stand,
 * stays on the server.
 * `j STATE`: the same of java, the gateway itself.
 * Only LISTEN, ESTABLISHED, SYN_SENT and CLOSE_WAIT rows are looked at; except LISTEN, only those on the asked ports or 4000, 4001.
 * The tree is `/proc`, or GATELIGHT_PROC where a test or a simulator sets it. dash reads byte by byte, so the long tables are read on demand;
 * bash would seek back after each line, which the kernel answers by making the table anew, so there a table is read in one go.
 */
export const LOOK_SCRIPT = `set -f
p=\${GATELIGHT_PROC:-/proc}
each() {
  [ -r "$1" ] || return 1
  if [ -n "\${BASH_VERSION-}" ]; then
    text=
    IFS= read -r -d '' text < "$1"
    IFS='
'
    set -- "$2" $text
    unset IFS
    do=$1
    shift
    for line do $do $line; done
  else
    while read -r line; do $2 $line; done < "$1"
  fi
}
row() {
  case \${4-} in
    0A) ;;
    01|02|08)
      case \${2##*:} in "$api"|"$relay"|"$vnc"|0FA0|0FA1) ;; *)
        case \${3##*:} in "$api"|"$relay"|"$vnc"|0FA0|0FA1) ;; *) return 0 ;; esac ;;
      esac
      count=$((count + 1))
      if [ "$count" -gt 500 ]; then fin=cut; return 0; fi ;;
    *) return 0 ;;
  esac
  out="$out$fam $2 $3 $4 \${5-} \${10-}
"
}
xrow() {
  [ "\${4-}" = 00010000 ] || return 0
  case \${8-} in /tmp/.X11-unix/X[0-9]*|@/tmp/.X11-unix/X[0-9]*) x=1 ;; esac
}
netstat() {
  h= v=
  [ -r "$1" ] || return 0
  while read -r name line; do
    case $name in TcpExt:) if [ -z "$h" ]; then h=$line; else v=$line; break; fi ;; esac
  done < "$1"
  o=? d=?
  set -- $v
  for k in $h; do
    [ $# -gt 0 ] || break
    case $k in ListenOverflows) o=$1 ;; ListenDrops) d=$1 ;; esac
    shift
  done
  echo "n $o $d"
}
unix() {
  x=0
  each "$1" xrow || x=?
  echo "x $x"
}
kin() {
  [ -r "$p/$1/task/$1/children" ] || return 0
  k=
  read -r k < "$p/$1/task/$1/children"
  for c in $k; do
    name=
    [ -r "$p/$c/comm" ] && read -r name < "$p/$c/comm"
    case $name in
      x11vnc) vnc=$c ;;
      Xvfb) xvfb=$c ;;
      java) java=$c ;;
      *) [ "$2" = 0 ] || kin "$c" 0 ;;
    esac
  done
}
screen() {
  if [ "$2" = 1 ]; then
    vnc=- xvfb=- java=- ever=0 line=
    kin "$1" 1
    [ -r "$p/$vnc/cmdline" ] && read -r line < "$p/$vnc/cmdline"
    case $line in *-forever*|*-many*|*-loop*) ever=1 ;; esac
    eval "screen_$1='$vnc $xvfb $ever' java_$1=$java"
  fi
  eval "set -- \\\${screen_$1-}"
  [ $# -gt 0 ] && [ -r "$p/$1/stat" ] || return 0
  s= r= d=
  read -r skip skip s skip < "$p/$1/stat"
  [ -r "$p/$1/schedstat" ] && read -r r skip < "$p/$1/schedstat"
  [ -r "$p/$2/stat" ] && read -r skip skip d skip < "$p/$2/stat"
  echo "v \${s:--} \${r:--} $3 \${d:--}"
}
jvm() {
  eval "set -- \\\${java_$1--}"
  [ -r "$p/$1/stat" ] || return 0
  s=
  read -r skip skip s skip < "$p/$1/stat"
  echo "j \${s:--}"
}
echo "@ 0 hello 1"
while read -r tag pid api relay vnc more; do
  case $tag in ''|*[!0-9]*) continue ;; esac
  case $pid in ''|*[!0-9]*) echo "@ $tag none bad"; continue ;; esac
  [ -d "$p/$pid" ] || { unset "seen_$pid"; echo "@ $tag none gone"; continue; }
  [ -r "$p/$pid/net/tcp" ] || { echo "@ $tag none unreadable"; continue; }
  out= count=0 fin=end
  fam=4
  each "$p/$pid/net/tcp" row
  fam=6
  each "$p/$pid/net/tcp6" row
  if [ "$more" = 1 ]; then netstat "$p/$pid/net/netstat"; unix "$p/$pid/net/unix"; fi
  { screen "$pid" "$more"; jvm "$pid"; } 2>/dev/null
  key="$api $relay $vnc $fin
$out"
  eval "old=\\\${seen_$pid-}"
  if [ "$key" = "$old" ]; then echo "@ $tag same"; else
    eval "seen_$pid=\\$key"
    printf '%s@ %s %s\\n' "$out" "$tag" "$fin"
  fi
done`;
