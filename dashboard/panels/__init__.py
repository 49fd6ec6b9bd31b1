"""Panels by subject: each turns a part of the frame into rows of an exact size, wherever it will stand."""
