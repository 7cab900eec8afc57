"""The report of results: one HTML file that shows the labels of many videos beside the videos."""
