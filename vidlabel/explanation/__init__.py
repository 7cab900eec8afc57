"""Why a label: when, where in the picture, and from which stream."""
