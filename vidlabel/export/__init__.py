"""Models as ONNX files, which run without Python's vidlabel and without torch."""
