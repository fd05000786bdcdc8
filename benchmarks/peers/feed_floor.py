"""The floor of any reader of a feed: inflate stop_times.txt with zlib and count its lines.

    python benchmarks/peers/feed_floor.py feed.zip

Nothing that looks at every call can be quicker, but with a quicker inflate.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

from regions import count_rows

if __name__ == "__main__":
    print(count_rows(Path(sys.argv[1]), "stop_times"))
