"""The hall: configuration, pipeline, scheduler and the command line that tie the rooms."""
