"""Repacks the pictures of the repository without changing a pixel: `pip install pyoxipng`, then run it from the root.

Pictures that the tests and `examples/screenshots` write are packed fast, not small; this halves them. Icons are left as
their packager wants them.
"""

import subprocess

import oxipng


def main():
    """Repacks every tracked picture under tests and screenshots."""
    listed = subprocess.run(["git", "ls-files", "tests/*.png", "screenshots/*.png"], check=True, capture_output=True, text=True)
    for path in listed.stdout.split():
        oxipng.optimize(path, level=4)


main()
