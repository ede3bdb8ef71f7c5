"""ONNX files from programs and programs from ONNX files. The package onnx is imported on first use."""
