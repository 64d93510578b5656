#!/bin/bash
# The relay's loop: after an end, five seconds, then again.
while :; do
  if [ -e /lab/no-relay ]; then sleep 0.5; continue; fi
  target=127.0.0.1
  [ -e /lab/relay-target ] && target=$(hostname -i)
  socat "TCP-LISTEN:$SOCAT_PORT,fork,reuseaddr" "TCP:$target:$API_PORT"
  sleep 5
done
