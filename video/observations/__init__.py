"""One module for each thing a camera can notice; `_name.py` is what several of them share."""
