"""Pins the shape of the code: no file that cannot be read in one go, and functions that fit on a screen."""

from benchmarks.shape import PROJECT, measure

LONGEST_FILE = 250
MEDIAN_FUNCTION, NINTH_FUNCTION = 12, 35


def test_files_and_functions_stay_short() -> None:
    shape = measure(PROJECT)
    assert shape.longest_lines <= LONGEST_FILE, shape.longest_file
    assert shape.median_function <= MEDIAN_FUNCTION
    assert shape.ninth_function <= NINTH_FUNCTION
