"""What a video file holds, before anything of it is decoded."""
