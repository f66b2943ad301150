"""A small world of our own writing and a stand-in server for it: what `molva demo` runs on."""
