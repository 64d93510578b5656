#!/bin/bash
# PID 1 of a gateway's container, as in gnzsnz/ib-gateway-docker: Xvfb and x11vnc started once, socat in a loop, IBC last.
has() { [ -e "/lab/$1" ]; }
if [ "$LAB_MODE" = live ]; then api=4001 relay=4003; else api=4002 relay=4004; fi
mode=$LAB_MODE
has mode && mode=$(cat /lab/mode)
if has other-mode; then if [ "$mode" = live ]; then api=4001 relay=4003; else api=4002 relay=4004; fi; fi
echo ".> Starting IBC/IB gateway"
echo ".> Applying settings to jts.ini"
mkdir -p /home/ibgateway/tws_settings /tmp/.X11-unix
cat > /home/ibgateway/tws_settings/jts.ini <<INI
[IBGateway]
TrustedIPs=127.0.0.1
LocalServerPort=4000
ApiOnly=true

[Logon]
TimeZone=Etc/UTC
tradingMode=${mode:0:1}

[Communication]
Peer=$LAB_PEER
INI
echo ".> Starting Xvfb server"
rm -f /tmp/.X1-lock /tmp/.X11-unix/X1 /tmp/again
if has no-xvfb; then
  sleep 1
  echo "Error: Timed out waiting for Xvfb socket!"
  echo 'XOpenDisplay(":1") failed.'
else
  Xvfb :1 -ac -screen 0 1024x768x24 -nolisten tcp >/dev/null 2>&1 &
  for _ in $(seq 100); do [ -S /tmp/.X11-unix/X1 ] && break; sleep 0.1; done
fi
if [ -n "$VNC_SERVER_PASSWORD" ] && ! has no-vnc; then
  echo ".> Starting VNC server"
  x11vnc -display :1 -forever -shared -bg -noipv6 -quiet -passwd "$VNC_SERVER_PASSWORD" >/dev/null 2>&1 &
else
  echo ".> VNC server disabled"
fi
echo ".> API_PORT set to: $api"
echo ".> SOCAT_PORT set to: $relay"
echo ".> Forking :::$api onto 0.0.0.0:$relay > trading mode $mode"
API_PORT=$api SOCAT_PORT=$relay /home/ibgateway/scripts/run_socat.sh &
stop() {
  echo ".> Received SIGINT or SIGTERM. Shutting down IB Gateway."
  has slow-stop && sleep "$(cat /lab/slow-stop)"
  pkill -x x11vnc; pkill -x Xvfb; pkill -x socat
  kill -TERM "$java" 2>/dev/null
  exit 143
}
export DISPLAY=:1
while :; do
  "/opt/node/java" /opt/lab/java.mjs &
  java=$!
  trap stop TERM INT
  wait "$java"
  code=$?
  has exit && code=$(cat /lab/exit)
  echo "IBC returned exit status $code"
  if [ -e /tmp/again ] || { [ "$code" = 0 ] && [ -e /home/ibgateway/tws_settings/autorestart ]; }; then
    echo "IBC will restart shortly"
    rm -f /tmp/again
    sleep 0.5
    continue
  fi
  break
done
echo "Gateway finished"
exit "$code"
