"""A real RTSP server for tests: GStreamer's, on 127.0.0.1. Runs in Debian's own Python, which has `gi`.

Arguments: port, pipeline (its payloader is `pay0`), user and password if a login is asked for. Says `ready`
on its standard output; `ELEMENT PROPERTY VALUE` on its standard input changes a running stream, and the end
of its standard input ends it. With `probe` alone it only says by its exit code whether it can run here.
"""

# mypy: ignore-errors
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - the version comes first

PARTS = ("videotestsrc", "qtdemux", "h264parse", "x264enc", "x265enc", "jpegenc", "rtph264pay")


def ask_for_login(server, factory, user, password):  # noqa: ANN001, ANN201 - gi has no types
    """Let in who knows the password, by Digest as cameras do."""
    auth, token = GstRtspServer.RTSPAuth.new(), GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "viewer")
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions.new()
    for right in ("access", "construct"):
        permissions.add_permission_for_role("viewer", f"media.factory.{right}", True)  # noqa: FBT003
    factory.set_permissions(permissions)


def main(port, pipeline, *login):  # noqa: ANN001, ANN002, ANN201
    """Serve until standard input ends."""
    loop, running = GLib.MainLoop(), []
    server, factory = GstRtspServer.RTSPServer.new(), GstRtspServer.RTSPMediaFactory.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory.set_launch(f"( {pipeline} )")
    # A stream that can be changed is one for all who watch; of a clip each sees the beginning.
    factory.set_shared("name=size" in pipeline)
    factory.connect(
        "media-configure",
        lambda _, media: running.append(media.get_element()),
    )
    if login:
        ask_for_login(server, factory, *login)
    server.get_mount_points().add_factory("/live", factory)

    def obey(source, _condition):  # noqa: ANN001, ANN202
        words = source.readline().split()
        if not words:
            loop.quit()
            return False
        element, name, value = words
        Gst.util_set_object_arg(running[-1].get_by_name(element), name, value)
        return True

    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, obey)
    if not server.attach(None):
        sys.exit(f"port {port} cannot be had")
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    loop.run()


if __name__ == "__main__":
    Gst.init(None)
    if sys.argv[1:] == ["probe"]:
        sys.exit(0 if all(map(Gst.ElementFactory.find, PARTS)) else "GStreamer lacks plugins")
    main(*sys.argv[1:])
