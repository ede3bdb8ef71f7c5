"""ONNX files from programs and programs from ONNX files. The package onnx is imported when one of the two is asked for."""
