"""From a video file to samples: frames with exact times."""
