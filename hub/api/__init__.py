"""The hub over HTTP: cases, devices, readings and reports for programs and people."""
