"""The JSON Schema of the events that tell other systems about cases."""
