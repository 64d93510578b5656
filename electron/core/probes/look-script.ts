/**
 * The loop that runs on the server: `sh -c LOOK_SCRIPT gatelight-look`. It reads one request a line from standard input and ends with it.
 * Nothing but shell builtins (dash, bash, busybox ash), so that a look starts no process; the pace is set by who asks.
 *
 * Request: `TAG PID API RELAY VNC MORE`: ports as four upper-case hex digits; MORE is `1` to read netstat and unix as well, else `0`.
 * Answer, each line beginning with `@ TAG` for frames:
 *   `@ TAG same`     the sockets are as in this pid's last answer (netstat and unix lines may precede it)
 *   `@ TAG none WHY` the tables of this pid cannot be read (`gone`, `unreadable`, `bad`)
 *   `4|6 LOCAL REMOTE STATE QUEUES INODE` …, `n OVERFLOWS DROPS`, `x 0|1|?`, then `@ TAG end` (`@ TAG cut` when rows were left out)
 * Only LISTEN, ESTABLISHED, SYN_SENT and CLOSE_WAIT rows are looked at; except LISTEN, only those on the asked ports or 4000, 4001.
 * The tree is `/proc`, or GATELIGHT_PROC where a test or a simulator sets it. dash reads byte by byte, so the long tables are read on demand.
 */
export const LOOK_SCRIPT = `set -f
p=\${GATELIGHT_PROC:-/proc}
rows() {
  [ -r "$2" ] || return 0
  while read -r sl l r st q tr rt uid to ino rest; do
    case $st in
      0A) ;;
      01|02|08)
        case \${l##*:} in "$api"|"$relay"|"$vnc"|0FA0|0FA1) ;; *)
          case \${r##*:} in "$api"|"$relay"|"$vnc"|0FA0|0FA1) ;; *) continue ;; esac ;;
        esac
        count=$((count + 1))
        if [ "$count" -gt 1500 ]; then fin=cut; continue; fi ;;
      *) continue ;;
    esac
    out="$out$1 $l $r $st $q $ino
"
  done < "$2"
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
  x=?
  if [ -r "$1" ]; then
    x=0
    while read -r num ref proto flags type st ino path; do
      [ "$flags" = 00010000 ] || continue
      case $path in /tmp/.X11-unix/X[0-9]*|@/tmp/.X11-unix/X[0-9]*) x=1; break ;; esac
    done < "$1"
  fi
  echo "x $x"
}
echo "@ 0 hello 1"
while read -r tag pid api relay vnc more; do
  case $tag in ''|*[!0-9]*) continue ;; esac
  case $pid in ''|*[!0-9]*) echo "@ $tag none bad"; continue ;; esac
  [ -d "$p/$pid" ] || { unset "seen_$pid"; echo "@ $tag none gone"; continue; }
  [ -r "$p/$pid/net/tcp" ] || { echo "@ $tag none unreadable"; continue; }
  out= count=0 fin=end
  rows 4 "$p/$pid/net/tcp"
  rows 6 "$p/$pid/net/tcp6"
  if [ "$more" = 1 ]; then netstat "$p/$pid/net/netstat"; unix "$p/$pid/net/unix"; fi
  key="$api $relay $vnc $fin
$out"
  eval "old=\\\${seen_$pid-}"
  if [ "$key" = "$old" ]; then echo "@ $tag same"; else
    eval "seen_$pid=\\$key"
    printf '%s@ %s %s\\n' "$out" "$tag" "$fin"
  fi
done`;
