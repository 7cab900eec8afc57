"""Text that is shown with a video: lines inside its file, and in files beside it."""
