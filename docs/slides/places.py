"""Where the repository and the site's modules lie."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.append(str(ROOT / "docs" / "site"))
