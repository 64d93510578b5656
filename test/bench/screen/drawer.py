"""Draws on an X display, with nothing but libX11: usage drawer.py small|full FPS

The upper left holds 16 blocks of 16 pixels, black or white: the low 16 bits of the time in ms at which they were drawn. Beside them one
block turns over at each click.
"""
import ctypes
import random
import select
import sys
import time

X = ctypes.CDLL("libX11.so.6")
X.XOpenDisplay.restype = ctypes.c_void_p
P, L, U, I = ctypes.c_void_p, ctypes.c_long, ctypes.c_ulong, ctypes.c_int
X.XDefaultRootWindow.argtypes = [P]
X.XDefaultRootWindow.restype = U
X.XCreateSimpleWindow.argtypes = [P, U, I, I, I, I, I, U, U]
X.XCreateSimpleWindow.restype = U
X.XSelectInput.argtypes = [P, U, L]
X.XMapRaised.argtypes = [P, U]
X.XCreateGC.argtypes = [P, U, U, P]
X.XCreateGC.restype = P
X.XSetForeground.argtypes = [P, P, U]
X.XFillRectangle.argtypes = [P, U, P, I, I, I, I]
X.XFlush.argtypes = X.XPending.argtypes = X.XConnectionNumber.argtypes = [P]
X.XNextEvent.argtypes = [P, P]

workload, fps = sys.argv[1], float(sys.argv[2])
WIDTH, HEIGHT = 1280, 800
display = X.XOpenDisplay(None)
window = X.XCreateSimpleWindow(display, X.XDefaultRootWindow(display), 0, 0, WIDTH, HEIGHT, 0, 0, 0x335577)
BUTTON_PRESS, BUTTON_MASK = 4, 1 << 2
X.XSelectInput(display, window, BUTTON_MASK)
X.XMapRaised(display, window)
pen = X.XCreateGC(display, window, 0, None)
event = ctypes.create_string_buffer(256)


def fill(x, y, width, height, colour):
    X.XSetForeground(display, pen, colour)
    X.XFillRectangle(display, window, pen, x, y, width, height)


flipped = False
due = time.monotonic()
print("ready", flush=True)
while True:
    now = time.monotonic()
    if now >= due:
        due = max(due + 1 / fps, now)
        if workload == "full":
            for _ in range(60):
                fill(random.randrange(WIDTH), 20 + random.randrange(HEIGHT - 20), 260, 160, random.randrange(1 << 24))
        else:
            fill(random.randrange(600), 100 + random.randrange(200), 40, 20, random.randrange(1 << 24))
        stamp = int(time.time() * 1000) & 0xFFFF
        for bit in range(16):
            fill(bit * 16, 0, 16, 16, 0xFFFFFF if stamp >> bit & 1 else 0)
        X.XFlush(display)
    while X.XPending(display):
        X.XNextEvent(display, event)
        if ctypes.cast(event, ctypes.POINTER(I))[0] == BUTTON_PRESS:
            flipped = not flipped
            fill(17 * 16, 0, 16, 16, 0xFF0000 if flipped else 0x00FF00)
            X.XFlush(display)
    select.select([X.XConnectionNumber(display)], [], [], max(0, due - time.monotonic()))
