# SPDX-License-Identifier: MIT
"""Packages of Debian that are unpacked for a scenario, not installed."""

import os
import shutil
import subprocess
import tempfile
import unittest


def unpack(name, folder):
    """Into that folder, which others may be about to make, too."""
    parent, base = os.path.split(folder)
    place = tempfile.mkdtemp(prefix=base + "-", dir=parent)
    os.chmod(place, 0o755)
    try:
        subprocess.run(["sh", "-c", f"apt-get -qq download {name} &&"
                        " dpkg -x *.deb . && rm *.deb"], cwd=place,
                       capture_output=True, text=True, timeout=300,
                       check=True)
        if not os.path.exists(folder):
            os.rename(place, folder)
    except subprocess.CalledProcessError as failed:
        raise unittest.SkipTest(
            f"{name} is not here, and cannot be fetched:"
            f" {failed.stdout}{failed.stderr}") from None
    except OSError:  # the others were first
        if not os.path.exists(folder):
            raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
