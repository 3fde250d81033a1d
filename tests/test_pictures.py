"""The tool that takes a picture of every page knows every page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_page_has_its_picture(tmp_path):
    program = (
        "import json; from yinuo.cli import set_up; set_up(); from tools.pictures.pages import PICTURES, forgotten; "
        "print(json.dumps([sorted(forgotten()), [picture.name for picture in PICTURES]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ | {"YINUO_DATA": str(tmp_path), "YINUO_DATABASE": ""},
        check=True, capture_output=True, text=True,
    )
    forgotten, names = json.loads(done.stdout)
    assert forgotten == []      # give a new page its entries in tools/pictures/pages.py
    assert len(names) == len(set(names))
