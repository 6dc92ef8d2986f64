"""One file a command: parse, one public call, print."""
