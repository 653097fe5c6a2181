"""A real RTSP camera for tests: GStreamer's server in a process of the system's Python.

Run as a script by `/usr/bin/python3` with: port (0: a free one), width, height, colour, codec. Prints its port.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

SYSTEM_PYTHON = "/usr/bin/python3"
FRAMES_PER_S = 20
ENCODERS = {
    "mjpeg": "jpegenc quality=90 ! rtpjpegpay",
    "vp8": "vp8enc deadline=1 keyframe-max-dist=10 ! rtpvp8pay",
    "h264": "openh264enc gop-size=10 ! rtph264pay config-interval=-1",
}
"""H264 by OpenH264 (BSD), which most network cameras speak; parameter sets with every key frame, as they do."""
_IMPORTS = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
for name in {elements}:
    assert Gst.ElementFactory.find(name), name
"""


@cache
def why_missing(codec: str = "mjpeg") -> str | None:
    """Why there can be no such server here; None when there can."""
    elements = ("videotestsrc", *(part.split()[0] for part in ENCODERS[codec].split(" ! ")))
    program = _IMPORTS.format(elements=elements)
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-c", program], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{SYSTEM_PYTHON}: {error.strerror}"
    if done.returncode:
        return (
            "needs gir1.2-gst-rtsp-server-1.0, python3-gi, gstreamer1.0-plugins-base, -good and -bad: "
            + done.stderr.strip().splitlines()[-1]
        )
    return None


@dataclass(frozen=True)
class RtspCamera:
    """A running camera that shows one colour."""

    process: subprocess.Popen[str]
    port: int

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/top"

    def vanish(self) -> None:
        """Without a word, as when a cable is pulled."""
        self.process.kill()
        self.process.wait()


@contextmanager
def rtsp_camera(
    port: int = 0, *, size: tuple[int, int] = (320, 240), colour: str = "red", codec: str = "mjpeg"
) -> Iterator[RtspCamera]:
    """Start a camera; it listens when this returns."""
    arguments = [SYSTEM_PYTHON, __file__, str(port), str(size[0]), str(size[1]), colour, codec]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield RtspCamera(process, int(process.stdout.readline()))
        finally:
            process.kill()


def _serve(port: str, width: str, height: str, colour: str, codec: str) -> None:
    import gi  # type: ignore[import-not-found]

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( videotestsrc is-live=true pattern={colour} ! "
        f"video/x-raw,format=I420,width={width},height={height},framerate={FRAMES_PER_S}/1 ! "
        f"{ENCODERS[codec]} name=pay0 )"
    )
    factory.set_shared(True)
    server.get_mount_points().add_factory("/top", factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
