"""Whether a camera is the one that it says: by the system's authorities, and by one more that people name."""

import socket
import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from .source import ANSWER_S, Reason, SourceLost

RTSPS_PORT = 322


class Trust(NamedTuple):
    """Whether a camera's certificate is checked, and what else is believed (PEM)."""

    verify: bool = True
    ca_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return the same for Python's TLS; raises SourceLost when the file cannot be read."""
        made = ssl.create_default_context()
        if not self.verify:
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
        elif self.ca_file:
            try:
                made.load_verify_locations(self.ca_file)
            except OSError as error:  # ssl's own is one
                said = f"the certificates of {self.ca_file} cannot be read: {error}"
                raise SourceLost(Reason.CERTIFICATE, said) from error
        return made

    def options(self) -> dict[str, str]:
        """Return the same for libav, which believes what its own system does and this file."""
        file = self.ca_file or ssl.get_default_verify_paths().cafile  # also by SSL_CERT_FILE
        return {"tls_verify": str(int(self.verify))} | ({"ca_file": str(file)} if file else {})

    def refuses(self, url: str) -> bool:
        """Ask a camera for its certificate alone: libav does not say that this was the fault."""
        parts, context = urlsplit(url), self.context()
        try:
            spot = (parts.hostname or "", parts.port or RTSPS_PORT)
            with socket.create_connection(spot, ANSWER_S) as line:
                context.wrap_socket(line, server_hostname=parts.hostname).close()
        except ssl.SSLCertVerificationError:
            return True
        except OSError:
            return False
        return False
