#!/bin/sh
# Installs the system programs that the tests use for real (Debian, Ubuntu). Needs root or sudo.
set -eu
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
# The tests start a registry of their own; Debian's package would start one on port 5000 for good.
had_registry=yes
command -v docker-registry > /dev/null || had_registry=no
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends \
  openssh-server openssh-client socat xvfb x11vnc tigervnc-standalone-server tigervnc-tools xterm xdotool x11-utils chromium \
  docker.io docker-compose docker-registry iproute2 iptables tcpdump websockify imagemagick fonts-dejavu-core p7zip-full fakeroot squashfs-tools desktop-file-utils nsis rpm lsof
if [ "$had_registry" = no ] && [ -d /run/systemd/system ]; then
  $sudo systemctl disable --now docker-registry
fi
